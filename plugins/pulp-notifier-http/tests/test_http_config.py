"""The options of an http listener."""

from typing import Any

import pytest
from pulp_notifier_http import HttpNotifier

from pulp_notifiers.errors import InvalidConfig, InvalidSetting
from pulp_notifiers.options import mask
from pulp_notifiers.settings import Settings
from pulp_notifiers.testing.plugins import LoadedNotifier

NO_URL = "HTTP notifier configured without a URL; cannot fire event"


@pytest.mark.parametrize("config", [{}, {"url": None}, {"url": ""}, {"url": False}, {"url": []}, {"username": 7}])
def test_a_config_without_a_url_is_refused_with_pulp_2s_message(config: dict[str, Any], loaded: LoadedNotifier) -> None:
    """The message stands alone, and the problems name the option."""
    with pytest.raises(InvalidConfig) as raised:
        loaded.parse(config)

    assert NO_URL == str(raised.value)
    assert NO_URL == raised.value.reason
    assert {"url": NO_URL} == raised.value.problems


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("receiver.example/hook", "http:// or https://"),
        ("ftp://receiver.example/", "http:// or https://"),
        ("http:///hook", "and a host"),
        ("http://?x", "and a host"),
        (" ", "and a host"),
        ("http://:80/", "it has no host"),
        ("http://receiver.example:99999/", "host or port"),
        ("http://receiver.example:eighty/", "host or port"),
        ("http://re ceiver.example/", "host or port"),
        ("http://" + "a" * 64 + ".example/", "host or port"),
        ("http://receiver.example/\r\nX-Evil: 1", "line break"),
        ("http://receiver.example/\x00", "character that is invalid in a URL"),
    ],
)
def test_an_invalid_url_is_refused(url: str, problem: str, loaded: LoadedNotifier) -> None:
    """The message names the problem."""
    with pytest.raises(InvalidConfig) as raised:
        loaded.parse({"url": url})

    assert problem in raised.value.problems["url"]


@pytest.mark.parametrize("option", ["url", "username", "password", "ca_path"])
def test_half_a_character_is_refused(option: str, loaded: LoadedNotifier) -> None:
    """JSON can contain lone surrogates, which cannot be sent."""
    config = {"url": "http://receiver.example/", option: "http://receiver.example/\ud800"}

    with pytest.raises(InvalidConfig) as raised:
        loaded.parse(config)

    assert [option] == list(raised.value.problems)


def test_a_path_with_a_nul_is_refused(loaded: LoadedNotifier) -> None:
    """No file system allows NUL in a path."""
    with pytest.raises(InvalidConfig, match="ca_path: it contains a NUL"):
        loaded.parse({"url": "http://receiver.example/", "ca_path": "/ca\x00.pem"})


def test_a_refused_url_is_not_repeated(loaded: LoadedNotifier) -> None:
    """It may contain a password."""
    with pytest.raises(InvalidConfig) as raised:
        loaded.parse({"url": "http://jo:hidden@receiver.example:99999/"})

    assert "hidden" not in str(raised.value)


def test_all_problems_are_reported_at_once(loaded: LoadedNotifier) -> None:
    """Nobody has to fix options one by one."""
    with pytest.raises(InvalidConfig) as raised:
        loaded.parse({"url": "nowhere", "password": ["x"], "ca_path": {}})

    assert {"url", "password", "ca_path"} == raised.value.problems.keys()


def test_unknown_options_are_ignored(loaded: LoadedNotifier) -> None:
    """Pulp 2 kept whatever a client stored."""
    assert "http://receiver.example/" == loaded.parse({"url": "http://receiver.example/", "colour": "red"}).url


def test_the_schema_names_the_options_in_the_order_of_the_command_line(loaded: LoadedNotifier) -> None:
    """The URL comes first and is required, and every option has a description."""
    schema = loaded.schema()

    names = ["url", "username", "password", "ca_path", "cert", "key", "token", "headers"]
    assert names == list(schema["properties"])
    assert ["url"] == schema["required"]
    assert all(option["description"] for option in schema["properties"].values())


def test_password_token_and_headers_are_secret(loaded: LoadedNotifier) -> None:
    """Clients compare ``url`` and ``ca_path`` for equality (CONTRACT 1.8)."""
    config = {"url": "http://receiver.example/", "username": "jo", "password": "pw", "ca_path": "/ca.pem"}
    more = {"cert": "/c.pem", "key": "/k.pem", "token": "t", "headers": {"X-Key": "k"}}
    masked = {"password": "*****", "token": "*****", "headers": "*****"}

    assert {**config, **more, **masked} == mask({**config, **more}, loaded.secret_options({**config, **more}))


@pytest.mark.parametrize(
    "name",
    [
        *("Host", "host", "CONTENT-LENGTH", "Content-Type", "Transfer-Encoding", "Connection", "User-Agent", "Expect"),
        *(
            "Pulp-Event-Id",
            "pulp-event-time",
            "Pulp-Anything",
            "Proxy-Authorization",
            "TE",  # codespell:ignore
            "Upgrade",
            "Accept",
        ),  # codespell:ignore
        *("", "X Y", "X:", "X\r\nY", "Ä", "X\x00", "x" * 101, "(x)"),
    ],
)
def test_a_header_that_cannot_be_added_is_refused(name: str, loaded: LoadedNotifier) -> None:
    """It has no valid name, or the notifier sets it; the value stays secret."""
    with pytest.raises(InvalidConfig) as raised:
        loaded.parse({"url": "http://receiver.example/", "headers": {"X-Good": "1", name: "hidden"}})

    assert ["headers"] == list(raised.value.problems)
    assert "hidden" not in str(raised.value)
    assert str(raised.value).isprintable()


@pytest.mark.parametrize("value", ["a\r\nX: b", "a\nb", "a\x00", "\x7f", "ä", "x" * 4097])
def test_a_header_value_that_cannot_be_sent_is_refused(value: str, loaded: LoadedNotifier) -> None:
    """A line break would start another header."""
    with pytest.raises(InvalidConfig, match="value of X-Key"):
        loaded.parse({"url": "http://receiver.example/", "headers": {"X-Key": value}})


@pytest.mark.parametrize(
    "headers", [{"X-Key": "1", "x-key": "2"}, {f"X-{n}": "" for n in range(33)}, [], "X-Key: 1", {"X-Key": None}]
)
def test_headers_are_an_object_of_up_to_32_texts(headers: object, loaded: LoadedNotifier) -> None:
    """Names that differ only in case are the same."""
    with pytest.raises(InvalidConfig):
        loaded.parse({"url": "http://receiver.example/", "headers": headers})


@pytest.mark.parametrize("token", ["Bearer abc", "a b", "a\nb", "ä", "x" * 4097, " \t"])
def test_a_token_that_cannot_be_sent_is_refused(token: str, loaded: LoadedNotifier) -> None:
    """Only the token itself is given."""
    with pytest.raises(InvalidConfig) as raised:
        loaded.parse({"url": "http://receiver.example/", "token": token})

    assert ["token"] == list(raised.value.problems)


def test_an_empty_token_counts_as_not_given(loaded: LoadedNotifier) -> None:
    """So it can be removed on the command line."""
    assert loaded.parse({"url": "http://receiver.example/", "token": ""}).token is None


def test_a_token_and_a_header_of_the_same_name_are_refused(loaded: LoadedNotifier) -> None:
    """Both would be sent as Authorization."""
    with pytest.raises(InvalidConfig, match="remove one of them"):
        loaded.parse({"url": "http://receiver.example/", "token": "t", "headers": {"AUTHORIZATION": "x"}})


def test_a_token_beside_a_login_gets_a_remark(loaded: LoadedNotifier) -> None:
    """Only the token is sent."""
    (remark,) = loaded.advice(
        loaded.parse({"url": "http://receiver.example/", "token": "hidden", "username": "jo", "password": "pw"})
    )

    assert "has a token" in remark


def test_a_key_needs_its_certificate(loaded: LoadedNotifier) -> None:
    """The reverse is allowed, because one file may hold both."""
    with pytest.raises(InvalidConfig, match="cert is not set"):
        loaded.parse({"url": "https://receiver.example/", "key": "/k.pem"})

    assert loaded.parse({"url": "https://receiver.example/", "cert": "/c.pem", "key": ""}).cert == "/c.pem"


@pytest.mark.parametrize(("given", "missing"), [("username", "password"), ("password", "username")])
def test_one_credential_alone_gets_a_remark(given: str, missing: str, loaded: LoadedNotifier) -> None:
    """The listener works, but probably not as intended."""
    (remark,) = loaded.advice(loaded.parse({"url": "http://receiver.example/", given: "hidden"}))

    assert f"has a {given} but no {missing}" in remark
    assert "hidden" not in remark


@pytest.mark.parametrize("credentials", [{}, {"username": "", "password": ""}])
def test_both_or_no_credentials_get_no_remark(credentials: dict[str, str], loaded: LoadedNotifier) -> None:
    """Such a config is fine."""
    assert () == loaded.advice(loaded.parse({"url": "http://receiver.example/", **credentials}))


def test_the_notifier_is_installed_under_its_type() -> None:
    """The entry point of the type ``http`` names the class."""
    from importlib.metadata import entry_points

    (found,) = entry_points(group="pulp_notifiers.notifiers", name="http")

    assert HttpNotifier is found.load()


@pytest.mark.parametrize("option", ["ca_path", "cert", "key"])
def test_files_elsewhere_than_the_settings_allow_are_a_problem(option: str) -> None:
    """The path is judged as it is written, so that the answer does not depend on which files exist."""
    settings = Settings({"http": {"certificate_dirs": "/etc/hooks, /srv/certificates/"}})
    loaded = LoadedNotifier("http", HttpNotifier, settings.section)
    base = {"url": "https://receiver.example/", "cert": "/etc/hooks/c.pem"}

    def problems(path: str) -> dict[str, str]:
        return loaded.problems(loaded.parse({**base, option: path}))

    for allowed in ("/etc/hooks/a.pem", "/srv/certificates/b/c.pem", "/etc/hooks", "/etc/x/../hooks/a.pem"):
        assert {} == problems(allowed)
    for other in ("/etc/passwd", "/etc/hooks/../passwd", "/etc/hooksx/a.pem", "etc/hooks/a.pem", "a.pem"):
        sentence = "it is not in /etc/hooks or /srv/certificates, as [http] certificate_dirs demands"
        assert {option: sentence} == problems(other)


def test_directories_of_certificates_are_absolute() -> None:
    """Otherwise they would depend on where the service was started."""
    settings = Settings({"http": {"certificate_dirs": "/etc/hooks, certificates"}})

    with pytest.raises(InvalidSetting, match="certificates is not an absolute path"):
        LoadedNotifier("http", HttpNotifier, settings.section)


def test_a_host_that_is_too_long_is_refused_before_its_ascii_form_is_sought():
    """That form of a text of megabytes takes minutes."""
    with pytest.raises(InvalidConfig) as refused:
        LoadedNotifier("http", HttpNotifier).parse({"url": f"https://u:{'p' * 400}@{'a.' * 200}example/"})

    assert "its host or port is not valid" in refused.value.problems["url"]
