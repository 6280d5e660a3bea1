"""What a listener's URL says: where to connect, what to ask for, and as whom."""

import re
from dataclasses import dataclass, field
from functools import lru_cache
from urllib.parse import quote, unquote

from urllib3.exceptions import LocationParseError
from urllib3.util import Url, parse_url

_PARTS = re.compile(r"(?P<origin>https?://[^/?#\\]+)(?P<target>[^#]*)(#.*)?", re.IGNORECASE)
_UNSENDABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")

_KEPT = "!#$%&'()*+,/:;=?@[]~"
"""Pulp 2 left these as they were, so receivers see the query byte for byte as they did then."""

_EXAMPLE = "write one like https://receiver.example/hook"


@dataclass(frozen=True)
class Destination:
    """Where a URL leads.

    :ivar url: what is asked for: no user, no fragment, characters that a URL cannot hold encoded.
    :ivar credentials: user and password in the URL, where it has them.
    """

    url: str
    credentials: tuple[str, str] | None = field(default=None, repr=False)


@lru_cache(maxsize=1024)
def destination(url: str) -> Destination:
    """Return where a URL leads.

    :raises ValueError: it is no URL of a web server; the text does not repeat it, because it may hold a password.
    """
    url = url.strip()
    if _UNSENDABLE.search(url):
        raise ValueError(f"it contains a line break or another character that no URL holds; {_EXAMPLE}")
    parts = _PARTS.fullmatch(url)
    if parts is None:
        raise ValueError(f"it does not begin with http:// or https:// and a host; {_EXAMPLE}")
    origin = _origin(parts["origin"])
    return Destination(f"{origin.scheme}://{origin.netloc}{_target(parts['target'])}", _credentials(origin.auth))


def shown(url: str) -> str:
    """Return a destination's URL for people: without the query, which may hold a token."""
    return url.partition("?")[0]


def _origin(text: str) -> Url:
    try:
        origin = parse_url(text)
        # The resolver would refuse it too, but only when an event is sent.
        (origin.host or "").strip("[]").encode("idna")
    except (LocationParseError, UnicodeError):
        raise ValueError(f"its host or port is not valid; {_EXAMPLE}") from None
    if not origin.host:
        raise ValueError(f"it has no host; {_EXAMPLE}")
    return origin


def _target(text: str) -> str:
    encoded = quote(text, safe=_KEPT)
    return encoded if encoded[:1] in ("", "/", "?") else f"/{encoded}"


def _credentials(userinfo: str | None) -> tuple[str, str] | None:
    # As requests does it: a user without a colon behind it counts for nothing, and neither do two empty values.
    user, colon, password = (userinfo or "").partition(":")
    return (unquote(user), unquote(password)) if colon and (user or password) else None
