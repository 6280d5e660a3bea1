"""What is asked of the receiver, without a network."""

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
from pulp_notifiers.plugin_host import LoadedNotifier

EVENT = Event("repo.sync.start", {"repo_id": "zoo"}, id=UUID("8d7c0f0a-0000-4000-8000-000000000001"))


def rendered(attempt: int = 1, **config: Any) -> HttpRequest:
    """Return what is asked for with these options."""
    return render(EVENT, LoadedNotifier("http", HttpNotifier).parse(config), attempt)


def credentials(request: HttpRequest) -> bytes:
    """Return user, colon and password."""
    return base64.b64decode(request.headers["Authorization"].removeprefix("Basic "))


def test_event_id_and_attempt_travel_beside_the_body() -> None:
    """Receivers drop repeats by the one and watch the other."""
    headers = rendered(attempt=3, url="http://receiver.example/").headers

    assert "8d7c0f0a-0000-4000-8000-000000000001" == headers["Pulp-Event-Id"]
    assert "3" == headers["Pulp-Delivery-Attempt"]


def test_the_other_headers_are_those_of_pulp_2_but_for_the_name() -> None:
    """Everything but the agent's name is as the library of Pulp 2 sent it."""
    headers = dict(rendered(url="http://receiver.example/").headers)
    del headers["Pulp-Event-Id"], headers["Pulp-Delivery-Attempt"]

    expected = {
        "Content-Type": "application/json",
        "Accept": "*/*",
        "Accept-Encoding": "gzip, deflate",
        "Connection": "keep-alive",
        "User-Agent": f"pulp-notifiers/{version('pulp-notifiers')}",
    }
    assert expected == headers


def test_the_body_is_ascii() -> None:
    """Other characters are written as escapes, as Pulp 2 did."""
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
def test_the_url_is_kept_as_far_as_a_url_may_hold_it(url: str, expected: str) -> None:
    """Only characters that a URL cannot hold are encoded, and the fragment stays at home."""
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
    """Empty values count; latin-1 where it suffices; a line break stays inside the base64."""
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
    """They are used as in Pulp 2, and the URL that goes out has them no more."""
    request = rendered(url=f"http://{userinfo}@receiver.example/")

    assert expected == credentials(request)
    assert "http://receiver.example/" == request.url


@pytest.mark.parametrize("userinfo", ["jo", ":"])
def test_a_url_with_a_user_alone_authenticates_as_nobody(userinfo: str) -> None:
    """A user without a password in the URL is ignored, as in Pulp 2."""
    assert "Authorization" not in rendered(url=f"http://{userinfo}@receiver.example/").headers


def test_options_win_over_credentials_in_the_url() -> None:
    """The URL's are used only when the options do not say both."""
    request = rendered(url="http://a:b@receiver.example/", username="jo", password="pw")

    assert b"jo:pw" == credentials(request)


def test_the_text_form_of_a_request_holds_no_secret() -> None:
    """Neither headers nor body nor credentials of the URL show in it."""
    shown = repr(rendered(url="http://a:hidden@receiver.example/"))

    assert "hidden" not in shown
    assert "Basic" not in shown


@given(some.text(), some.text())
def test_no_credential_can_add_a_header(username: str, password: str) -> None:
    """Whatever the options hold, header values are one line of visible ASCII."""
    request = rendered(url="http://receiver.example/", username=username, password=password)

    assert all(value.isascii() and value.isprintable() for value in request.headers.values())


@given(some.text(some.characters(codec="utf-8")))
def test_no_url_can_leave_its_line(rest: str) -> None:
    """Whatever follows the host, the URL is refused or goes out as visible ASCII without blanks."""
    try:
        request = rendered(url=f"http://receiver.example/{rest}")
    except InvalidConfig:
        return

    assert request.url.isascii()
    assert request.url.isprintable()
    assert " " not in request.url
