"""The forms in which settings name messaging servers, as URLs of one spelling: for kombu, or for AMQP 1.0."""

import re
from ipaddress import IPv6Address
from urllib.parse import quote, unquote, urlsplit

from kombu.transport import TRANSPORT_ALIASES

from .short_string import SHORT_STRING_BYTES

_AMQP_SCHEMES = {"amqp": "amqp", "pyamqp": "amqp", "tcp": "amqp", "amqps": "amqps", "ssl": "amqps", "tls": "amqps"}
_AMQP10_SCHEMES = {
    "qpid": "qpid",
    "qpid+tcp": "qpid",
    "qpids": "qpids",
    "qpid+ssl": "qpids",
    "qpid+tls": "qpids",
    "amqp10": "amqp10",
    "amqp10s": "amqp10s",
}
_FORM = (
    "tcp://, ssl://, amqp://, amqps://, qpid://, qpids://, amqp10:// or amqp10s://[USER:PASSWORD@]HOST[:PORT][/VHOST]"
)
_NAME_OR_IPV4 = re.compile(r"(?!\.)[\w.-]+")
_DEFAULT_VHOST = "/"


def broker_urls(text: str) -> list[str]:
    """Return the URLs of the servers that a setting names, in the order in which to try them.

    A bare host and ``tcp://`` speak AMQP 0-9-1 in clear text, ``ssl://`` and ``amqps://`` speak it over TLS; the result
    has ``amqp`` or ``amqps``. ``qpid://`` and ``amqp10://`` speak AMQP 1.0 in clear text, ``qpids://`` (also written
    ``qpid+ssl://``) and ``amqp10s://`` over TLS. The userinfo may be ``USER:PASSWORD``, percent-encoded as in every
    URL, or Pulp 2's ``USER/PASSWORD``, taken literally. Several servers are joined by ``;``. URLs of kombu's other
    transports stay as they are.

    :raises ValueError: a form is not supported; the sentence says which are, and repeats no password.
    """
    return [_translated(part.strip()) for part in text.split(";") if part.strip()]


def display_url(url: str) -> str:
    """Return a server's URL, or several joined by ``;``, without userinfo and query, to be shown to people."""
    return ";".join(_without_userinfo(part.strip()) for part in url.split(";"))


def asks_for_tls(url: str) -> bool:
    """Return whether a URL from :func:`broker_urls` forbids clear text."""
    return url.startswith(("amqps://", "qpids://", "amqp10s://"))


def speaks_amqp(url: str) -> bool:
    """Return whether a URL from :func:`broker_urls` is for kombu's AMQP 0-9-1 transport."""
    return url.startswith(("amqp://", "amqps://"))


def speaks_amqp10(url: str) -> bool:
    """Return whether a URL from :func:`broker_urls` is for AMQP 1.0."""
    return url.partition("://")[0] in _AMQP10_SCHEMES.values()


def host_of(url: str) -> str:
    """Return the host of a URL, without brackets."""
    return urlsplit(url).hostname or ""


def port_of(url: str) -> int:
    """Return the port of a URL for AMQP; the protocol's own if it names none."""
    return urlsplit(url).port or (5671 if asks_for_tls(url) else 5672)


def vhost_of(url: str) -> str:
    """Return the virtual host that a URL for AMQP 1.0 names, empty if it names none."""
    return unquote(urlsplit(url).path.removeprefix("/"))


def login_of(url: str) -> tuple[str, str]:
    """Return user and password of a URL, empty if it has none."""
    parts = urlsplit(url)
    return unquote(parts.username or ""), unquote(parts.password or "")


def has_user(url: str) -> bool:
    """Return whether a URL names a user."""
    return bool(urlsplit(url).username)


def _translated(text: str) -> str:
    scheme, separator, rest = text.partition("://")
    if not separator:
        scheme, rest = "amqp", text
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]*", scheme):
        raise ValueError(f"the text before :// is not a scheme; write {_FORM}")
    if scheme.lower() in _AMQP_SCHEMES:
        return _amqp_url(_AMQP_SCHEMES[scheme.lower()], rest)
    if scheme.lower() in _AMQP10_SCHEMES:
        return _amqp_url(_AMQP10_SCHEMES[scheme.lower()], rest)
    transport = scheme.split("+")[0]
    if transport.lower() == "qpid":
        raise ValueError(f"Qpid is reached over qpid:// or qpids:// (AMQP 1.0); write {_FORM}")
    if transport not in TRANSPORT_ALIASES:
        raise ValueError(f"kombu has no transport {transport}; write {_FORM}")
    return text


def _amqp_url(scheme: str, rest: str) -> str:
    userinfo, address = _split_userinfo(rest)
    location, _, vhost = address.partition("/")
    if "?" in address or "#" in address:
        raise ValueError(f"options after ? or # are not supported; write {_FORM}")
    host, port = _split_port(location)
    default = _DEFAULT_VHOST if scheme in _AMQP_SCHEMES.values() else ""
    return f"{scheme}://{userinfo}{host}{port}/{_path(vhost) or default}"


def _split_userinfo(rest: str) -> tuple[str, str]:
    authority, slash, path = rest.partition("/")
    if "@" in authority:  # USER:PASSWORD@HOST
        userinfo, _, location = authority.rpartition("@")
        user, _, password = userinfo.partition(":")
        return _userinfo(unquote(user), unquote(password)), location + slash + path
    userinfo, at, address = rest.rpartition("@")
    if not at:
        return "", rest
    if ":" in authority:  # USER:PASS/WORD@HOST
        user, _, password = userinfo.partition(":")
        return _userinfo(unquote(user), unquote(password)), address
    user, _, password = userinfo.partition("/")  # USER/PASSWORD@HOST
    return _userinfo(user, password), address


def _userinfo(user: str, password: str) -> str:
    return quote(user, safe="") + (f":{quote(password, safe='')}" if password else "") + "@"


def _split_port(location: str) -> tuple[str, str]:
    host, colon, port = location.rpartition(":")
    if not colon or location.endswith("]"):
        host, port = location, ""
    if not _is_host(host or "localhost"):
        raise ValueError(f"the host is not the name or address of a server; write {_FORM}")
    if colon and port and not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise ValueError(f"the port is not a number from 1 to 65535; write {_FORM}")
    return host or "localhost", f":{port}" if port else ""


def _is_host(name: str) -> bool:
    try:
        if name.startswith("[") and name.endswith("]"):
            return not IPv6Address(name[1:-1]).scope_id
        name.encode("idna")  # as the address look-up does
    except ValueError:
        return False
    return _NAME_OR_IPV4.fullmatch(name) is not None


def _path(vhost: str) -> str:
    name = unquote(vhost)
    if len(name.encode()) > SHORT_STRING_BYTES:
        raise ValueError(f"the vhost is longer than {SHORT_STRING_BYTES} bytes")
    return "" if name == _DEFAULT_VHOST else quote(name, safe="")


def _without_userinfo(url: str) -> str:
    scheme, separator, rest = url.rpartition("://")
    return scheme + separator + rest.rpartition("@")[2].partition("?")[0]
