"""Which hosts are the service's own machine, or can only be reached on its network link.

A listener that names one could reach what is meant for the machine itself: services that trust loopback, and the
metadata of a cloud at 169.254.169.254.
"""

import ipaddress
import socket
import threading
import unicodedata
from collections.abc import Callable, Iterable
from contextlib import suppress

RESOLVE_SECONDS = 2.0

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_LOCAL = tuple(
    map(ipaddress.ip_network, ("0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "::/128", "::1/128", "fe80::/10"))
)
# IPv6 networks whose addresses contain an IPv4 address, and how many bits follow it.
_CONTAINING = tuple(
    (ipaddress.IPv6Network(network), shift)
    for network, shift in (
        ("::ffff:0:0/96", 0),  # mapped: the kernel connects to the IPv4 address
        ("::ffff:0:0:0/96", 0),  # translated
        ("::/96", 0),  # compatible
        ("64:ff9b::/96", 0),  # NAT64
        ("64:ff9b:1::/48", 0),
        ("2002::/16", 80),  # 6to4
    )
)
_DOTS = str.maketrans("\u3002\uff0e\uff61", "...")  # RFC 3490, 3.1


def resolved(host: str) -> list[str]:
    """Return the addresses of a host name; none if they are not known within :data:`RESOLVE_SECONDS`."""
    found: list[str] = []

    def resolve() -> None:
        with suppress(OSError, ValueError):
            found.extend(str(info[4][0]) for info in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM))

    # The system's resolver has no time limit of its own choosing, and cannot be interrupted.
    thread = threading.Thread(target=resolve, name="resolve", daemon=True)
    thread.start()
    thread.join(RESOLVE_SECONDS)
    return [] if thread.is_alive() else found


def local_address(host: str, resolve: Callable[[str], Iterable[str]] = resolved) -> str | None:
    """Return the first address of a host that is this machine or on its network link, or None.

    Every spelling of an address counts that a connection understands: ``2130706433``, ``0x7f.1``, ``127.1``, IPv6 that
    contains IPv4. A name counts if one of its addresses does; what a name means later is not known here.

    :param host: a name or address, with or without brackets.
    """
    name = unicodedata.normalize("NFKC", host.translate(_DOTS)).strip("[]").rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):  # RFC 6761, 6.3
        return name
    literal = _literal(name)
    addresses = [literal] if literal else map(_literal, resolve(name) if name else ())
    return next((str(address) for address in addresses if address and is_local(address)), None)


def is_local(address: Address) -> bool:
    """Return whether an address is this machine or on its network link: loopback, unspecified, link-local, its own."""
    meant = [each for each in (address, _contained(address)) if each is not None]
    return any(each in network for each in meant for network in _LOCAL) or any(map(_is_own, meant))


def _literal(text: str) -> Address | None:
    with suppress(ValueError):
        return ipaddress.ip_address(text.partition("%")[0])
    with suppress(OSError, ValueError):
        return ipaddress.IPv4Address(socket.inet_aton(text))  # with octal, hexadecimal and missing parts
    return None


def _contained(address: Address) -> ipaddress.IPv4Address | None:
    if isinstance(address, ipaddress.IPv4Address):
        return None
    for network, shift in _CONTAINING:
        if address in network:
            return ipaddress.IPv4Address(int(address) >> shift & 0xFFFF_FFFF)
    return None


def _is_own(address: Address) -> bool:
    if address.is_multicast:
        return False
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    with suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
        # Sends nothing: it only selects a route, and only the way to an own address starts at that address.
        probe.connect((str(address), 9))
        return bool(ipaddress.ip_address(probe.getsockname()[0].partition("%")[0]) == address)
    return False
