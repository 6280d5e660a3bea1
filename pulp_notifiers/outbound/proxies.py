"""The proxy for a URL, from the environment; ``no_proxy`` is read as curl reads it.

Python's own readers differ from curl, and from each other: one strips blanks, another knows networks, none of them
accepts blanks as separators or a dot at the end, and an entry ``example.com`` also matches ``badexample.com`` in one.
"""

import ipaddress
import os
import re
import socket
from collections.abc import Mapping
from urllib.parse import urlsplit

_SEPARATORS = re.compile(r"[ \t,]+")
_BITS = re.compile(r"\s*[+-]?\d+")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def environment_proxy(url: str, environ: Mapping[str, str] = os.environ) -> str | None:
    """Return the proxy that ``http_proxy``, ``https_proxy`` or ``all_proxy`` name for a URL, unless ``no_proxy`` does.

    Names in lower case come before those in upper case.
    """
    parts = urlsplit(url)
    excepted = environ.get("no_proxy") or environ.get("NO_PROXY") or ""
    if bypasses_proxy(parts.hostname or "", excepted):
        return None
    return _named(f"{parts.scheme}_proxy", environ) or _named("all_proxy", environ)


def bypasses_proxy(host: str, no_proxy: str) -> bool:
    """Return whether ``no_proxy`` has an entry for a host.

    As in curl: entries are separated by commas or blanks, or ``*`` alone matches every host. A name matches itself and
    the names below it; a dot before or after it, and its case, have no meaning. An address matches itself, or a network
    in CIDR notation (with ``/0`` too only itself). Entries with a port match nothing.

    :param host: a name or address, with or without brackets.
    """
    if no_proxy == "*":
        return True
    name = host.lower().removesuffix(".")
    address = _address(host.strip("[]").partition("%")[0]) or _short_address(name)
    entries = filter(None, _SEPARATORS.split(no_proxy))
    if address is not None:
        return any(_has_address(entry, address) for entry in entries)
    return bool(name) and any(_has_name(entry, name) for entry in entries)


def _named(variable: str, environ: Mapping[str, str]) -> str | None:
    if variable in environ:
        return environ[variable] or None
    if variable == "http_proxy" and "REQUEST_METHOD" in environ:
        return None  # a CGI program gets the client's header "Proxy" as HTTP_PROXY
    return environ.get(variable.upper()) or None


def _has_name(entry: str, name: str) -> bool:
    wanted = entry.lower().removesuffix(".").removeprefix(".")
    return bool(wanted) and (name == wanted or name.endswith(f".{wanted}"))


def _has_address(entry: str, address: Address) -> bool:
    text, slash, given = entry.partition("/")
    network = _address(text)
    if network is None or network.version != address.version:
        return False
    found = _BITS.match(given)
    bits = int(found[0]) if slash and found else 0
    size = address.max_prefixlen
    if not 0 <= bits <= size:
        return False
    return int(network) >> (size - (bits or size)) == int(address) >> (size - (bits or size))


def _short_address(host: str) -> Address | None:
    # Such as 127.1, which a connection understands; in an entry it is a name.
    try:
        return ipaddress.IPv4Address(socket.inet_aton(host))
    except (OSError, ValueError):
        return None


def _address(text: str) -> Address | None:
    for family, kind in ((socket.AF_INET, ipaddress.IPv4Address), (socket.AF_INET6, ipaddress.IPv6Address)):
        try:
            return kind(socket.inet_pton(family, text))
        except (OSError, ValueError):
            continue
    return None
