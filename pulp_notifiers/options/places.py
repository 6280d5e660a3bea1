"""Where texts of options lead: scheme, host and port."""

import re
from collections.abc import Hashable, Iterator, Mapping
from ipaddress import ip_address
from typing import Any

# Strict, because libraries disagree about other texts: in https://a\@b some connect to a, and some to b.
_URL = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+.-]{0,30})://(?:[^\s/?#@\\]*@)?(?P<host>\[[0-9a-f:.]+\]|[\w.-]+)(?::(?P<port>[0-9]{0,9}))?"
    r"(?=[/?#]|$)",
    re.IGNORECASE,
)
# Begins only at the first separator and never goes back, so that a long row of them takes no longer than other text.
BETWEEN_URLS = re.compile(r"(?<![;,\s])[;,\s]++(?=[a-z][a-z0-9+.-]{0,30}://)", re.IGNORECASE)
_BETWEEN_NAMES = re.compile(r"[;,\s]+")
_LONGEST_HOST = 253
"""Of the domain name system, and the ASCII form has no fewer characters; that of a long text takes seconds."""
_DEFAULT_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443, "amqp": 5672, "amqps": 5671, "smtp": 25}


def places_in(value: Any) -> Iterator[Hashable]:
    """Yield the places that an option's value names, at any depth."""
    if isinstance(value, Mapping | list | tuple | set | frozenset):
        for inner in value.values() if isinstance(value, Mapping) else value:
            yield from places_in(inner)
    elif isinstance(value, str):
        text = value.strip()
        between = BETWEEN_URLS if "://" in text else _BETWEEN_NAMES
        yield from (place_of(part) for part in between.split(text) if part)
    elif value is not None:
        yield place_of(str(value))


def place_of(text: str) -> Hashable:
    """Return scheme, host and port of a URL; of any other text, itself.

    Upper and lower case, a dot at the end of the host, and the scheme's default port make no difference.
    """
    found = _URL.match(text)
    if found is None:
        return text if "://" in text else text.lower().removesuffix(".")
    scheme = found["scheme"].lower()
    host = _plain_host(found["host"])
    if host is None:
        return text
    return scheme, host, int(found["port"]) if found["port"] else _DEFAULT_PORTS.get(scheme)


def _plain_host(host: str) -> str | None:
    name = host.strip("[]").removesuffix(".")
    try:
        return str(ip_address(name))
    except ValueError:
        pass
    if len(name) > _LONGEST_HOST:
        return None
    lower = name.lower()
    try:
        encoded = name.encode("idna")
        # IDNA 2003 makes "ss" of "ß", and IDNA 2008 another host. Only the same text is the same place then.
        is_plain = name.isascii() or encoded.decode("idna").lower() == lower
        return encoded.decode("ascii").lower() if is_plain else lower
    except UnicodeError:
        return None
