"""The trusted web servers in front of the service, and the headers that they set."""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from starlette.requests import Request

from ...errors import InvalidSetting
from .request_text import utf8_or_latin1

_UNSET = ("", "(null)", "-")  # what Apache writes for a variable that is not set


class TrustedProxies:
    """The web servers whose headers about users are trusted.

    :param addresses: IP addresses or networks.
    :raises InvalidSetting: an address is neither.
    """

    def __init__(self, addresses: Iterable[str]) -> None:
        self._networks = [_network(address) for address in addresses]

    def sent(self, request: Request) -> bool:
        """Return whether a request comes from a trusted proxy."""
        return request.client is not None and self.include(request.client.host)

    def include(self, host: str) -> bool:
        """Return whether an IP address is that of a trusted proxy."""
        address = _address(host)
        return address is not None and self._trusts(address)

    def client_address(self, request: Request) -> str:
        """Return the address of the client: the last one in ``X-Forwarded-For`` that is not a trusted proxy's.

        Without a trusted proxy in front, the address of the connection. What comes before the last untrusted address
        in the header was written by the client.
        """
        address = request.client.host if request.client is not None else ""
        if not self.sent(request):
            return address
        named = ",".join(request.headers.getlist("x-forwarded-for")).split(",")
        for each in reversed([_without_port(name.strip()) for name in named]):
            found = _address(each)
            if found is None:
                break
            address = each
            if not self._trusts(found):
                break
        return address

    def _trusts(self, address: IPv4Address | IPv6Address) -> bool:
        return any(address in network for network in self._networks)

    def header(self, request: Request, name: str) -> str | None:
        """Return the value of a header that a trusted proxy set.

        None if the request comes from elsewhere, if the header is missing or empty, and if it occurs more than once:
        then the client sent one too, and it is unknown which is the proxy's.

        :param name: empty for none.
        """
        if not name or not self.sent(request):
            return None
        values = request.headers.getlist(name)
        if len(values) != 1 or values[0].strip() in _UNSET:
            return None
        return utf8_or_latin1(values[0].strip().encode("latin-1"))


def _without_port(node: str) -> str:
    # Some gateways append the client's port: 192.0.2.1:50123, [2001:db8::1]:50123.
    if node.startswith("["):
        return node[1:].partition("]")[0]
    return node.partition(":")[0] if node.count(":") == 1 else node


def _network(address: str) -> IPv4Network | IPv6Network:
    try:
        return ip_network(address, strict=False)
    except ValueError:
        raise InvalidSetting(
            f"[notifiers] trusted_proxies: {address!r} is neither an IP address nor a network such as 10.0.0.0/8."
        ) from None


def _address(host: str) -> IPv4Address | IPv6Address | None:
    try:
        found = ip_address(host)
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found
