"""Which options a listener may have."""

from typing import Any

import pytest
from pulp_notifier_http import HttpNotifier

from pulp_notifiers.errors import InvalidConfig
from pulp_notifiers.options import mask
from pulp_notifiers.plugin_host import LoadedNotifier

NO_URL = "HTTP notifier configured without a URL; cannot fire event"


@pytest.mark.parametrize("config", [{}, {"url": None}, {"url": ""}, {"url": False}, {"url": []}, {"username": 7}])
def test_a_config_without_a_url_is_refused_in_the_words_of_pulp_2(
    config: dict[str, Any], loaded: LoadedNotifier
) -> None:
    """The sentence stands alone, and the option is named beside it."""
    with pytest.raises(InvalidConfig) as raised:
        loaded.parse(config)

    assert NO_URL == str(raised.value)
    assert NO_URL == raised.value.reason
    assert {"url": NO_URL} == raised.value.problems


@pytest.mark.parametrize(
    ("url", "told"),
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
        ("http://receiver.example/\x00", "character that no URL holds"),
    ],
)
def test_a_url_that_leads_nowhere_is_refused(url: str, told: str, loaded: LoadedNotifier) -> None:
    """The sentence says what is wrong with the option."""
    with pytest.raises(InvalidConfig) as raised:
        loaded.parse({"url": url})

    assert told in raised.value.problems["url"]


@pytest.mark.parametrize("option", ["url", "username", "password", "ca_path"])
def test_half_a_character_is_refused(option: str, loaded: LoadedNotifier) -> None:
    """JSON can hold lone surrogates, and nothing can be sent as one."""
    config = {"url": "http://receiver.example/", option: "http://receiver.example/\ud800"}

    with pytest.raises(InvalidConfig) as raised:
        loaded.parse(config)

    assert [option] == list(raised.value.problems)


def test_a_path_with_a_nul_is_refused(loaded: LoadedNotifier) -> None:
    """No file system has one."""
    with pytest.raises(InvalidConfig, match="ca_path: it holds a NUL"):
        loaded.parse({"url": "http://receiver.example/", "ca_path": "/ca\x00.pem"})


def test_a_refused_url_is_not_repeated(loaded: LoadedNotifier) -> None:
    """It may hold a password."""
    with pytest.raises(InvalidConfig) as raised:
        loaded.parse({"url": "http://jo:hidden@receiver.example:99999/"})

    assert "hidden" not in str(raised.value)


def test_all_problems_are_told_at_once(loaded: LoadedNotifier) -> None:
    """Nobody corrects options one by one."""
    with pytest.raises(InvalidConfig) as raised:
        loaded.parse({"url": "nowhere", "password": ["x"], "ca_path": {}})

    assert {"url", "password", "ca_path"} == raised.value.problems.keys()


def test_options_of_others_are_ignored(loaded: LoadedNotifier) -> None:
    """Pulp 2 kept whatever a client stored."""
    assert "http://receiver.example/" == loaded.parse({"url": "http://receiver.example/", "colour": "red"}).url


def test_the_schema_names_the_options_in_the_order_of_the_command_line(loaded: LoadedNotifier) -> None:
    """URL first, required and described, as are the others; the password is marked as one."""
    schema = loaded.schema()

    assert ["url", "username", "password", "ca_path"] == list(schema["properties"])
    assert ["url"] == schema["required"]
    assert all(option["description"] for option in schema["properties"].values())


def test_only_the_password_is_secret(loaded: LoadedNotifier) -> None:
    """Clients compare ``url`` and ``ca_path`` for equality (CONTRACT 1.8)."""
    config = {"url": "http://receiver.example/", "username": "jo", "password": "pw", "ca_path": "/ca.pem"}

    assert {**config, "password": "*****"} == mask(config, loaded.secret_options(config))


@pytest.mark.parametrize(("given", "missing"), [("username", "password"), ("password", "username")])
def test_one_credential_alone_is_remarked_on(given: str, missing: str, loaded: LoadedNotifier) -> None:
    """The listener works, but hardly as it was meant."""
    (remark,) = loaded.advice(loaded.parse({"url": "http://receiver.example/", given: "hidden"}))

    assert f"has a {given} but no {missing}" in remark
    assert "hidden" not in remark


@pytest.mark.parametrize("credentials", [{}, {"username": "", "password": ""}])
def test_an_ordinary_config_is_not_remarked_on(credentials: dict[str, str], loaded: LoadedNotifier) -> None:
    """Both or none are as they should be."""
    assert () == loaded.advice(loaded.parse({"url": "http://receiver.example/", **credentials}))


def test_the_notifier_is_installed_under_its_type() -> None:
    """The entry point of the type ``http`` names the class."""
    from importlib.metadata import entry_points

    (found,) = entry_points(group="pulp_notifiers.notifiers", name="http")

    assert HttpNotifier is found.load()
