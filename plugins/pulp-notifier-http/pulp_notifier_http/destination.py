"""What a listener's URL contains: where to connect, the request target, and credentials."""

import re
import socket
from dataclasses import dataclass, field
from functools import lru_cache
from urllib.parse import quote, unquote

from urllib3.exceptions import LocationParseError
from urllib3.util import Url, parse_url

_PARTS = re.compile(r"(?P<origin>https?://[^/?#\\]+)(?P<target>[^#]*)(#.*)?", re.IGNORECASE)
_UNSENDABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")

_LABEL = "[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?"
_HOST = re.compile(rf"{_LABEL}(?:\.{_LABEL})*", re.IGNORECASE)
_NUMBERS = re.compile(r"(?:.*\.)?(?:\d+|0x[\da-f]*)", re.IGNORECASE)
"""What is read as an address and not as a name (URL Standard, "ends in a number")."""

LONGEST_URL = 8000

_LONGEST_AUTHORITY = 300
"""Of a host, at most 253 characters, and a port. The ASCII form of a long text takes seconds."""

_KEPT = "!#$%&'()*+,/:;=?@[]~"
"""Pulp 2 did not encode these, so receivers see the same query byte for byte."""

_EXAMPLE = "write one like https://receiver.example/hook"


@dataclass(frozen=True)
class Destination:
    """Where a request goes.

    :ivar url: without user and fragment; characters that are invalid in a URL are encoded.
    :ivar credentials: user and password in the listener's URL, if it has them.
    """

    url: str
    credentials: tuple[str, str] | None = field(default=None, repr=False)


@lru_cache(maxsize=1024)
def destination(url: str) -> Destination:
    """Return where requests to a URL go.

    :raises ValueError: it is not the URL of a web server; the text does not repeat it, as it may contain a password.
    """
    url = url.strip()
    if _UNSENDABLE.search(url):
        raise ValueError(f"it contains a line break or another character that is invalid in a URL; {_EXAMPLE}")
    parts = _PARTS.fullmatch(url)
    if parts is None:
        raise ValueError(f"it does not start with http:// or https:// and a host; {_EXAMPLE}")
    origin = _origin(parts["origin"])
    return Destination(f"{origin.scheme}://{origin.netloc}{_target(parts['target'])}", _credentials(origin.auth))


def strict_problem(url: str) -> str | None:
    """Return why a URL is probably a mistake although requests to it can be sent; None if it is fine.

    The text does not repeat the URL, as it may contain a password.
    """
    origin = _origin(_PARTS.fullmatch(url.strip())["origin"])  # type: ignore[index]
    host = (origin.host or "").rstrip(".")
    if len(url) > LONGEST_URL:
        return f"it is longer than the {LONGEST_URL} characters that receivers accept"
    if any(letter.isspace() for letter in url):
        return f"it contains a blank; write %20 if it belongs there, or {_EXAMPLE}"
    if not url.isprintable() or "\\" in url:
        return f"it contains a character that is invalid in a URL; {_EXAMPLE}"
    if origin.port == 0:
        return f"no receiver can have the port 0; {_EXAMPLE}"
    if not (host.startswith("[") or _HOST.fullmatch(host)):
        return f"its host is not a name or an address; {_EXAMPLE}"
    if _NUMBERS.fullmatch(host) and not _is_address(host):
        return "its host looks like an address, but is none; write four numbers from 0 to 255"
    return None


def shown(url: str) -> str:
    """Return a destination's URL for messages: without the query, which may contain a token."""
    return url.partition("?")[0]


def _origin(text: str) -> Url:
    if len(text.rpartition("@")[2]) > _LONGEST_AUTHORITY:
        raise ValueError(f"its host or port is not valid; {_EXAMPLE}")
    try:
        origin = parse_url(text)
        # The resolver would reject it too, but only when an event is sent.
        (origin.host or "").strip("[]").encode("idna")
    except (LocationParseError, UnicodeError):
        raise ValueError(f"its host or port is not valid; {_EXAMPLE}") from None
    if not origin.host:
        raise ValueError(f"it has no host; {_EXAMPLE}")
    return origin


def _is_address(host: str) -> bool:
    try:
        socket.inet_aton(host)
    except OSError:
        return False
    return True


def _target(text: str) -> str:
    encoded = quote(text, safe=_KEPT)
    return encoded if encoded[:1] in ("", "/", "?") else f"/{encoded}"


def _credentials(userinfo: str | None) -> tuple[str, str] | None:
    # Like requests: ignore a user without a colon after it, and two empty values.
    user, colon, password = (userinfo or "").partition(":")
    return (unquote(user), unquote(password)) if colon and (user or password) else None
