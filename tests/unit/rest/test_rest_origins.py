"""Requests that a page of another web site makes a browser send."""

import asyncio
from collections.abc import Sequence

import pytest
from pydantic import ValidationError
from starlette.responses import PlainTextResponse
from starlette.types import Message, Receive, Scope, Send

from pulp_notifiers.rest import RestSettings
from pulp_notifiers.rest.http.origins import Origin, SameOrigin
from pulp_notifiers.rest.http.proxies import TrustedProxies
from tests.support.rest_requests import request

Headers = Sequence[tuple[str, str]]


async def succeed(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer 200."""
    await PlainTextResponse("done")(scope, receive, send)


def is_accepted(
    *headers: tuple[str, str],
    method: str = "POST",
    scheme: str = "http",
    client: str = "192.0.2.1",
    allowed: Sequence[str] = (),
) -> bool:
    """Return whether a request to ``pulp.example:8080`` is accepted; 127.0.0.1 is a trusted proxy."""
    app = SameOrigin(succeed, TrustedProxies(["127.0.0.1"]), allowed, lambda _, error: PlainTextResponse("no", 403))
    host = [] if any(name == "Host" for name, _ in headers) else [("Host", "pulp.example:8080")]
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = request(method=method, headers=[*host, *headers], client=client).scope
    asyncio.run(app({**scope, "scheme": scheme}, receive, send))
    status: int = sent[0]["status"]
    assert status in (200, 403)
    return status == 200


FOREIGN = [
    "null",
    "",
    "http://evil.example",
    "https://pulp.example:8080",
    "http://pulp.example",
    "http://pulp.example:80",
    "http://pulp.example:8081",
    "http://pulp.example:8080.evil.example",
    "http://pulp.example:8080@evil.example",
    "http://evil.example/http://pulp.example:8080",
    "http://xpulp.example:8080",
    "http://sub.pulp.example:8080",
    "pulp.example:8080",
    "ftp://pulp.example:8080",
    "file://",
    "http://pulp.example:8080, http://pulp.example:8080",
]


@pytest.mark.parametrize("origin", FOREIGN)
def test_a_change_with_a_foreign_origin_is_refused(origin: str) -> None:
    """Scheme, host and port must be the same."""
    assert not is_accepted(("Origin", origin))
    assert not is_accepted(("Origin", origin), ("Sec-Fetch-Site", "same-origin"))


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "TRACE", "FROB"])
def test_every_method_that_could_change_something_is_refused(method: str) -> None:
    """The others cannot do harm."""
    assert not is_accepted(("Origin", "http://evil.example"), method=method)


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_reading_is_allowed_from_everywhere(method: str) -> None:
    """The browser does not show the answer to the page."""
    assert is_accepted(("Origin", "http://evil.example"), ("Sec-Fetch-Site", "cross-site"), method=method)


@pytest.mark.parametrize("site", ["cross-site", "same-site", "Cross-Site", " cross-site"])
def test_a_change_from_another_site_is_refused(site: str) -> None:
    """A site is more than an origin: other ports and sibling domains."""
    assert not is_accepted(("Sec-Fetch-Site", site))
    assert not is_accepted(("Sec-Fetch-Site", site), ("Origin", "http://pulp.example:8080"))
    assert not is_accepted(("Sec-Fetch-Site", "same-origin"), ("Sec-Fetch-Site", site))


@pytest.mark.parametrize("site", ["same-origin", "none", "unknown"])
def test_other_values_of_sec_fetch_site_are_accepted(site: str) -> None:
    """``none`` is the user's own doing; unknown ones are ignored, as the standard demands."""
    assert is_accepted(("Sec-Fetch-Site", site))


def test_clients_that_are_not_browsers_are_accepted() -> None:
    """They send neither header."""
    assert is_accepted()
    assert is_accepted(client="127.0.0.1")


@pytest.mark.parametrize(
    ("origin", "scheme", "host"),
    [
        ("http://pulp.example:8080", "http", "pulp.example:8080"),
        ("http://PULP.example", "http", "pulp.Example"),
        ("https://pulp.example", "https", "pulp.example:443"),
        ("https://pulp.example", "https", "pulp.example"),
        ("http://[::1]:24818", "http", "[::1]:24818"),
        ("http://127.0.0.1", "http", "127.0.0.1:80"),
    ],
)
def test_the_own_origin_is_accepted(origin: str, scheme: str, host: str) -> None:
    """Ports that browsers leave out may be in ``Host``."""
    assert is_accepted(("Host", host), ("Origin", origin), scheme=scheme)
    assert is_accepted(("Host", host), ("Origin", origin), ("Sec-Fetch-Site", "same-origin"), scheme=scheme)
    assert not is_accepted(("Host", host), ("Origin", origin), ("Origin", "http://evil.example"), scheme=scheme)


@pytest.mark.parametrize("forwarded", ["www.example", "www.example, inner", "client-sent, www.example"])
def test_a_trusted_proxy_names_the_host_that_the_browser_used(forwarded: str) -> None:
    """Nobody else can."""
    headers = (("Host", "127.0.0.1:24818"), ("X-Forwarded-Host", forwarded), ("Origin", "https://www.example"))

    assert is_accepted(*headers, scheme="https", client="127.0.0.1")
    assert not is_accepted(*headers, scheme="http", client="127.0.0.1")
    assert not is_accepted(*headers, scheme="https")


def test_further_origins_can_be_allowed() -> None:
    """Only those; a second header must be allowed too."""
    allowed = ("https://console.example", "http://other.example:8080")

    assert is_accepted(("Origin", "https://console.example"), ("Sec-Fetch-Site", "cross-site"), allowed=allowed)
    assert is_accepted(("Origin", "https://console.example:443"), allowed=allowed)
    assert not is_accepted(("Origin", "https://console.example:444"), allowed=allowed)
    assert not is_accepted(("Origin", "null"), allowed=allowed)
    assert not is_accepted(("Origin", "https://console.example"), ("Origin", "http://evil.example"), allowed=allowed)


@pytest.mark.parametrize("text", ["console.example", "https://", "*", "null", "https://a/b", "ftp://a"])
def test_an_allowed_origin_must_be_one(text: str) -> None:
    """The sentence says how it is written."""
    with pytest.raises(ValidationError, match="is not an origin; write SCHEME://HOST"):
        RestSettings(allowed_origins=(text,))


def test_an_origin_has_the_default_port_of_its_scheme() -> None:
    """Names are not case-sensitive."""
    assert Origin("https", "a.example", 443) == Origin.parse("HTTPS://A.example")
