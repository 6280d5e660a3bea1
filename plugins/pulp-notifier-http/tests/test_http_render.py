"""The request that an event becomes, without a network."""

import base64
from importlib.metadata import version
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as some
from pulp_notifier_http import HttpNotifier, HttpRequest, render

from pulp_notifiers.errors import InvalidConfig
from pulp_notifiers.event import Event
from pulp_notifiers.testing.plugins import LoadedNotifier

EVENT = Event("repo.sync.start", {"repo_id": "zoo"}, id=UUID("8d7c0f0a-0000-4000-8000-000000000001"))


def rendered(attempt: int = 1, **config: Any) -> HttpRequest:
    """Return the request for these options."""
    return render(EVENT, LoadedNotifier("http", HttpNotifier).parse(config), attempt)


def credentials(request: HttpRequest) -> bytes:
    """Return user, colon and password."""
    return base64.b64decode(request.headers["Authorization"].removeprefix("Basic "))


def test_event_id_and_attempt_are_in_headers() -> None:
    """Receivers drop repeats by the id and can watch the attempts."""
    headers = rendered(attempt=3, url="http://receiver.example/").headers

    assert "8d7c0f0a-0000-4000-8000-000000000001" == headers["Pulp-Event-Id"]
    assert "3" == headers["Pulp-Delivery-Attempt"]


def test_the_other_headers_are_those_of_pulp_2_except_the_user_agent() -> None:
    """They are what Pulp 2's library sent."""
    headers = dict(rendered(url="http://receiver.example/").headers)
    del headers["Pulp-Event-Id"], headers["Pulp-Event-Time"], headers["Pulp-Delivery-Attempt"]

    expected = {
        "Content-Type": "application/json",
        "Accept": "*/*",
        "Accept-Encoding": "gzip, deflate",
        "Connection": "keep-alive",
        "User-Agent": f"pulp-notifiers/{version('pulp-notifiers')}",
    }
    assert expected == headers


def test_the_body_is_ascii() -> None:
    """Other characters are escaped, as in Pulp 2."""
    event = Event("repo.sync.start", {"repo_id": "Zoo für Löwen"})

    request = render(event, LoadedNotifier("http", HttpNotifier).parse({"url": "http://receiver.example/"}), 1)

    assert b'{"event_type": "repo.sync.start", "payload": {"repo_id": "Zoo f\\u00fcr L\\u00f6wen"}, ' in request.body


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://receiver.example", "https://receiver.example"),
        ("HTTPS://Receiver.Example/A", "https://receiver.example/A"),
        ("http://receiver.example:8080/hook?a=1&a=2&b", "http://receiver.example:8080/hook?a=1&a=2&b"),
        ("http://receiver.example/x?sig=a%2fb+c%7e[0]=;", "http://receiver.example/x?sig=a%2fb+c%7e[0]=;"),
        ("http://receiver.example/a/../b//c", "http://receiver.example/a/../b//c"),
        ("http://receiver.example/über?q=a b{}", "http://receiver.example/%C3%BCber?q=a%20b%7B%7D"),
        ("http://receiver.example/#here", "http://receiver.example/"),
        ("http://bücher.example/", "http://xn--bcher-kva.example/"),
        ("http://[::1]:8080/x", "http://[::1]:8080/x"),
        ("http://receiver.example\\@evil.example/", "http://receiver.example/%5C@evil.example/"),
        (" http://receiver.example/\n", "http://receiver.example/"),
    ],
)
def test_only_invalid_characters_of_the_url_are_encoded(url: str, expected: str) -> None:
    """The fragment is not sent."""
    assert expected == rendered(url=url).url


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({"username": "jo", "password": "pw"}, b"jo:pw"),
        ({"username": "", "password": ""}, b":"),
        ({"username": "", "password": "pw"}, b":pw"),
        ({"username": "Jürgen", "password": "ß"}, "Jürgen:ß".encode("latin-1")),
        ({"username": "Łukasz", "password": "ü"}, "Łukasz:ü".encode()),
        ({"username": 4711, "password": 12}, b"4711:12"),
        ({"username": "a\r\nX-Evil: 1", "password": "b\r\n"}, b"a\r\nX-Evil: 1:b\r\n"),
    ],
)
def test_both_credentials_make_a_basic_header(config: dict[str, Any], expected: bytes) -> None:
    """Empty values count, latin-1 is preferred, and a line break stays inside the base64."""
    request = rendered(url="http://receiver.example/", **config)

    assert expected == credentials(request)
    assert "\n" not in request.headers["Authorization"]


@pytest.mark.parametrize(
    "config",
    [{}, {"username": "jo"}, {"password": "pw"}, {"username": "jo", "password": None}, {"username": None}],
)
def test_one_credential_alone_is_not_sent(config: dict[str, Any]) -> None:
    """Without both there is no header."""
    assert "Authorization" not in rendered(url="http://receiver.example/", **config).headers


@pytest.mark.parametrize(
    ("userinfo", "expected"), [("jo:pw", b"jo:pw"), ("jo:", b"jo:"), (":pw", b":pw"), ("j%40o:p%3Aw", b"j@o:p:w")]
)
def test_credentials_in_the_url_become_a_header(userinfo: str, expected: bytes) -> None:
    """They are used as in Pulp 2 and removed from the URL."""
    request = rendered(url=f"http://{userinfo}@receiver.example/")

    assert expected == credentials(request)
    assert "http://receiver.example/" == request.url


@pytest.mark.parametrize("userinfo", ["jo", ":"])
def test_a_url_with_only_a_user_makes_no_header(userinfo: str) -> None:
    """A user without a password in the URL is ignored, as in Pulp 2."""
    assert "Authorization" not in rendered(url=f"http://{userinfo}@receiver.example/").headers


def test_options_win_over_credentials_in_the_url() -> None:
    """The URL's are only used if the options do not have both."""
    request = rendered(url="http://a:b@receiver.example/", username="jo", password="pw")

    assert b"jo:pw" == credentials(request)


def test_the_repr_of_a_request_has_no_secrets() -> None:
    """It shows neither headers nor body nor the credentials of the URL."""
    shown = repr(rendered(url="http://a:hidden@receiver.example/"))

    assert "hidden" not in shown
    assert "Basic" not in shown


@given(some.text(), some.text())
def test_no_credential_can_add_a_header(username: str, password: str) -> None:
    """Header values are always one line of visible ASCII."""
    request = rendered(url="http://receiver.example/", username=username, password=password)

    assert all(value.isascii() and value.isprintable() for value in request.headers.values())


@given(some.text(some.characters(codec="utf-8")))
def test_no_url_can_add_a_line_to_the_request(rest: str) -> None:
    """Whatever follows the host is refused, or sent as visible ASCII without blanks."""
    try:
        request = rendered(url=f"http://receiver.example/{rest}")
    except InvalidConfig:
        return

    assert request.url.isascii()
    assert request.url.isprintable()
    assert " " not in request.url
