"""A change that sends secrets elsewhere removes those that it does not give."""

from typing import Annotated

import pytest
from pydantic import AnyUrl, BaseModel, Field, SecretStr

from pulp_notifiers.notifier import Destination
from pulp_notifiers.options import Merged, declared_destinations, declared_secrets, guessed_destinations, merge_safely


class Hook(BaseModel):
    url: Annotated[str, Destination()]
    proxy: Annotated[str | None, Destination()] = None
    verify: Annotated[bool, Destination(exact=True)] = True
    ca_path: str | None = None
    username: str | None = None
    password: SecretStr | None = None
    token: SecretStr | None = None


STORED = {"url": "https://good.example/hook", "username": "joe", "password": "p4ss", "token": "t0ken"}
SECRETS = {"password", "token"}


def merged(patch, stored=STORED, model=Hook) -> Merged:
    return merge_safely(stored, patch, declared_secrets(model), declared_destinations(model))


@pytest.mark.parametrize(
    "url",
    [
        *("https://evil.example/hook", "http://good.example/hook", "https://good.example:8443/hook"),
        *("https://good.example.evil.example/", "https://good.example@evil.example/", "https://sub.good.example/"),
        *(r"https://good.example\@evil.example/", r"https://evil.example\@good.example/", "https:good.example/hook"),
        *("https://evil.example#@good.example/", "https://evil.example?@good.example/", "//good.example/hook"),
        *("https://good.example %20/", "https://good.example\t.evil.example/", "https://good.exampl\u0435/", "", 5, []),
        *(
            {"a": "b"},
            ["https://good.example/", "https://evil.example/"],
            "https://good.example/;https://evil.example/",
        ),
    ],
)
def test_another_destination_removes_the_secrets_that_are_not_given(url):
    """Texts that libraries read differently count as another place too."""
    result = merged({"url": url})
    if url in ("", []):
        assert () == result.dropped, "nothing is sent anywhere"
        return

    assert ("password", "token") == result.dropped
    assert {"url": url, "username": "joe"} == result.config


@pytest.mark.parametrize(
    "url",
    [
        *("https://good.example/other", "https://good.example", "HTTPS://Good.Example:443/?a=b#c"),
        *(
            "https://good.example./hook",
            "https://u:p@good.example/",
            " https://good.example:0443/ ",
            "https://good.example:",
        ),
    ],
)
def test_the_same_destination_keeps_the_secrets(url):
    """Path, query, user, upper case, a final dot and the default port do not matter."""
    assert Merged({**STORED, "url": url}) == merged({"url": url})


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("http://[::1]:80/", "http://[0:0:0:0:0:0:0:1]/"),
        ("https://b\u00fccher.example/", "https://xn--bcher-kva.example/"),
        ("broker.example:9092", "Broker.Example:9092"),
        ("a:9092,b:9092", "b:9092"),
        (["http://a/", "http://b/"], ["http://b/x"]),
    ],
)
def test_forms_of_the_same_place_are_equal(one, other):
    """A destination that is left out of several receives nothing new."""
    assert () == merged({"url": other}, {**STORED, "url": one}).dropped


@pytest.mark.parametrize("host", ["fa\u00df.example", "FA\u00df.example", "fa\u200css.example"])
def test_a_name_that_standards_read_differently_is_another_place(host):
    """IDNA 2003 makes fass.example of it, and the libraries that connect use IDNA 2008."""
    stored = {**STORED, "url": "https://fass.example/"}

    assert ("password", "token") == merged({"url": f"https://{host}/"}, stored).dropped


def test_a_secret_that_is_given_again_stays():
    """The same value as before counts: who sends it knows it."""
    given = {"url": "https://new.example/", "password": "p4ss", "token": "*****"}

    assert ("token",) == merged(given).dropped
    assert {"url": "https://new.example/", "username": "joe", "password": "p4ss"} == merged(given).config


def test_the_whole_config_sent_back_masked_changes_nothing():
    """That is what clients do which read, edit and write."""
    shown = {**STORED, "password": "*****", "token": "*****", "username": "eva", "ca_path": "/x.pem"}

    assert Merged({**STORED, "username": "eva", "ca_path": "/x.pem"}) == merged(shown)


@pytest.mark.parametrize("patch", [{"proxy": "http://proxy.example:3128"}, {"verify": False}])
def test_a_proxy_and_a_switch_of_verification_are_destinations_too(patch):
    """A man in the middle could read the secret."""
    assert ("password", "token") == merged(patch).dropped
    assert () == merged({"verify": True, "proxy": None}).dropped


def test_removing_the_destination_and_setting_it_later_does_not_reveal_the_secret():
    """In two steps, or if a listener never had one."""
    without = merged({"url": None})

    assert () == without.dropped
    assert ("password", "token") == merged({"url": "https://evil.example/"}, without.config).dropped


def test_marks_are_found_at_any_depth_and_under_every_name():
    """Types that are URLs need no mark."""

    class Server(BaseModel):
        where: Annotated[str, Destination()]

    class Model(BaseModel):
        servers: list[Server] = []
        home: AnyUrl | None = Field(None, alias="homePage")
        name: str = ""

    assert {("servers",), ("home", "homePage")} == {option.names for option in declared_destinations(Model)}


def test_names_decide_for_a_model_that_marks_nothing():
    """A plugin may be older than the mark."""

    class Old(BaseModel):
        server_url: str = "https://default.example"
        password: SecretStr | None = None
        subject: str = ""

    stored = {"password": "p4ss"}

    assert ("password",) == merged({"server_url": "https://evil.example"}, stored, Old).dropped
    assert () == merged({"server_url": "https://default.example/x", "subject": "s"}, stored, Old).dropped


def test_without_a_model_names_and_urls_decide():
    """Notifiers of Pulp 2 declare nothing."""
    stored = {"to": "http://a/", "auth": "p4ss", "n": 1}
    secrets = frozenset({"auth"})

    def dropped(patch):
        return merge_safely(stored, patch, secrets, guessed_destinations(stored, patch)).dropped

    assert ("auth",) == dropped({"to": "http://b/"}) == dropped({"host": "b"}) == dropped({"x": ["http://b"]})
    assert () == dropped({"n": 2}) == dropped({"to": "http://a/b"})
