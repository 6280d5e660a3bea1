"""Which web servers in front of the service are believed, and what they tell."""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from starlette.requests import Request

from ...errors import InvalidSetting

_NOTHING = ("", "(null)", "-")  # what Apache writes for a variable that is not set


class TrustedProxies:
    """The web servers whose headers about users are believed.

    :param addresses: IP addresses or networks.
    :raises InvalidSetting: one is neither.
    """

    def __init__(self, addresses: Iterable[str]) -> None:
        self._networks = [_network(address) for address in addresses]

    def sent(self, request: Request) -> bool:
        """Tell whether a request comes from one of them."""
        if request.client is None:
            return False
        address = _address(request.client.host)
        return address is not None and any(address in network for network in self._networks)

    def header(self, request: Request, name: str) -> str | None:
        """Return the value of a header that one of them set.

        None where the request is not from one, where there is no value, and where there are several: then the client
        sent one too, and nobody can tell which is the proxy's.

        :param name: empty for none.
        """
        if not name or not self.sent(request):
            return None
        values = request.headers.getlist(name)
        if len(values) != 1 or values[0].strip() in _NOTHING:
            return None
        return _text(values[0].strip())


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


def _text(value: str) -> str:
    # Headers arrive as the text of their bytes; web servers write UTF-8.
    try:
        return value.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return value
