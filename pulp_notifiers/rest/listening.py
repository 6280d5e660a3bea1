"""The settings of the REST service, checked, and the socket on which it listens.

Apart from the server, because FastAPI and uvicorn take half of a start, and deliveries need not wait for them.
"""

import errno
import socket
import ssl

from ..app import App
from ..errors import InvalidSetting
from ..settings import NotifiersSettings
from .access.oauth import OAuthSettings
from .http.proxies import TrustedProxies
from .settings import RestSettings

_BACKLOG = 4096  # the system lowers it to its own limit; a client that finds it full waits a second
_HIGHEST_PORT = 65535


def listen(app: App) -> socket.socket:
    """Check the settings of the REST service and return a socket that listens on its address.

    :raises InvalidSetting: a setting is wrong, the address cannot be used, or the certificate cannot be read.
    """
    app.settings.section("oauth", OAuthSettings)
    app.settings.section("rest", RestSettings)
    TrustedProxies(app.own.trusted_proxies)
    _require_tls_files(app.own)
    return _listening_socket(app.own.bind)


def _require_tls_files(own: NotifiersSettings) -> None:
    if own.tls_certificate is None:
        if own.tls_key is not None:
            raise InvalidSetting("[notifiers] tls_key is set without tls_certificate: set both or neither.")
        return
    try:
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(own.tls_certificate, own.tls_key)
    except OSError as error:  # includes ssl.SSLError
        raise InvalidSetting(
            f"[notifiers] tls_certificate {own.tls_certificate} and tls_key {own.tls_key} cannot be used: {error}."
        ) from None


def _listening_socket(bind: str) -> socket.socket:
    host, _, port = bind.rpartition(":")
    try:
        if int(port) > _HIGHEST_PORT:
            raise OSError(f"the highest port is {_HIGHEST_PORT}")
        found = socket.getaddrinfo(host.strip("[]"), None, type=socket.SOCK_STREAM)
        # IPv4 first, if a name such as localhost has several addresses.
        family, _, _, _, address = min(found, key=lambda entry: entry[0] != socket.AF_INET)
        every_address = address[0] == "::" and socket.has_dualstack_ipv6()
        return socket.create_server(
            (str(address[0]), int(port)), family=family, backlog=_BACKLOG, dualstack_ipv6=every_address
        )
    except UnicodeError:  # from the encoding of names, IDNA; its text does not help
        raise InvalidSetting(f"[notifiers] bind = {bind!r} cannot be used: it has no host name or address.") from None
    except OSError as error:
        raise InvalidSetting(f"[notifiers] bind = {bind!r} cannot be used: {_unusable(error, port)}.") from None


def _unusable(error: OSError, port: str) -> str:
    """Return why an address cannot be used, and what to do."""
    if isinstance(error, socket.gaierror):
        return f"{error.strerror}; write an address of this machine, or a name that it can look up"
    if error.errno == errno.EADDRINUSE:
        return (
            "another process listens there. If that is this service, stop it first; otherwise choose another port here "
            f"or with --bind. As root, ss -ltnp 'sport = :{port}' shows the process"
        )
    if error.errno == errno.EADDRNOTAVAIL:
        return "this machine has no such address; ip address shows those it has, and 0.0.0.0 means all"
    if error.errno in (errno.EACCES, errno.EPERM):
        return (
            "the user of this process may not listen there. Choose a port above 1023, or set "
            "AmbientCapabilities=CAP_NET_BIND_SERVICE in the unit"
        )
    return str(error)
