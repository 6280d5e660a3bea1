"""A messaging server, and how to connect to it."""

import socket
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from amqp import sasl
from kombu.connection import Connection

from ..errors import PermanentFailure, TemporaryFailure
from .amqp_connection import AmqpTransport
from .deadline import Deadline
from .errors import LinkLost, connection_error_text
from .libraries import require_proton
from .urls import asks_for_tls, display_url, has_user, host_of, speaks_amqp, speaks_amqp10

if TYPE_CHECKING:
    from .amqp10 import Amqp10Connection

_UNACKNOWLEDGED_SECONDS = 5.0


@dataclass(frozen=True)
class Broker:
    """A messaging server, or several of which one is enough, and the certificates for TLS.

    :ivar urls: from :func:`broker_urls`, tried in this order.
    :ivar cacert: PEM file of the only authority to trust over TLS; None for the system's.
    :ivar clientcert: PEM file with key and certificate to present over TLS, or None.
    :ivar connect_seconds: for one of them to accept the connection and the login.
    :ivar amqp10_address: see :class:`MessagingSettings`.
    """

    urls: Sequence[str] = field(repr=False)
    cacert: str | None = None
    clientcert: str | None = None
    connect_seconds: float = 5.0
    amqp10_address: str = ""

    def connect(self, deadline: Deadline, heartbeat_seconds: int = 0) -> "Connection | Amqp10Connection":
        """Return an open connection to the first server that accepts it, kombu's or one of AMQP 1.0.

        :param heartbeat_seconds: for AMQP 0-9-1: the server drops the connection if it receives nothing for twice as
            long; 0 for never.
        :raises TemporaryFailure: none does; the reason names each.
        :raises PermanentFailure: none does, because libraries that the URLs need are not installed.
        """
        problems, missing = [], 0
        for url in self.urls:
            seconds = min(self.connect_seconds, deadline.remaining())
            if not seconds:
                problems.append(f"{display_url(url)}: no time was left to try it")
                continue
            try:
                return self._open(url, seconds, heartbeat_seconds)
            except TemporaryFailure as failure:
                problems.append(f"{display_url(url)}: {failure.reason}")
            except ImportError as error:
                problems.append(f"{display_url(url)}: {error}")
                missing += 1
        kind = PermanentFailure if problems and missing == len(problems) else TemporaryFailure
        raise kind(f"could not connect to messaging server {'; '.join(problems)}")

    def connect_by_kombu(self, deadline: Deadline, heartbeat_seconds: int = 0) -> Connection:
        """Return an open connection as :meth:`connect` does, for what is not supported over AMQP 1.0.

        :raises PermanentFailure: also if one of the servers is for AMQP 1.0.
        """
        connection = self.connect(deadline, heartbeat_seconds) if not any(map(speaks_amqp10, self.urls)) else None
        if not isinstance(connection, Connection):
            raise PermanentFailure("AMQP 1.0 is not supported here; name a server by amqp:// or amqps://")
        return connection

    def _open(self, url: str, seconds: float, heartbeat_seconds: int) -> "Connection | Amqp10Connection":
        if speaks_amqp10(url):
            return _amqp10(url, self.cacert, self.clientcert, Deadline(seconds))
        connection = self._unopened(url, seconds, heartbeat_seconds)
        try:
            # Without kombu's retries: it would sleep between them, and here the caller decides.
            connection.ensure_connection(max_retries=0, reraise_as_library_errors=False)
        except (*connection.connection_errors, *connection.channel_errors) as error:
            raise LinkLost(connection_error_text(error, seconds)) from None
        return connection

    def _unopened(self, url: str, seconds: float, heartbeat_seconds: int) -> Connection:
        if speaks_amqp(url):
            # Our transport is named, because for amqp:// kombu uses librabbitmq if that is installed, which supports
            # neither TLS nor confirms.
            options = self._amqp_options(url, seconds)
            return Connection(
                url,
                transport=AmqpTransport,
                ssl=self._tls(url),
                connect_timeout=seconds,
                transport_options=options,
                heartbeat=heartbeat_seconds,
            )
        return Connection(url, connect_timeout=seconds)

    def _amqp_options(self, url: str, seconds: float) -> dict[str, Any]:
        return {
            "deadline": Deadline(seconds),
            "confirm_publish": True,
            "on_blocked": _fail_when_blocked,
            "socket_settings": _socket_settings(),
            "client_properties": {"connection_name": "pulp-notifiers"},
            "authentication": self._authentication(url),
        }

    def _tls(self, url: str) -> dict[str, Any] | bool:
        if not asks_for_tls(url):
            return False
        return {
            # Named here, because kombu replaces localhost by 127.0.0.1, which is not what a certificate names.
            "server_hostname": host_of(url),
            "cert_reqs": ssl.CERT_REQUIRED,
            "ca_certs": self.cacert,
            "certfile": self.clientcert,
        }

    def _authentication(self, url: str) -> tuple[sasl.SASL, ...]:
        if self.clientcert and asks_for_tls(url) and not has_user(url):
            # Log in by the certificate if the server accepts that; else as the usual guest.
            return (sasl.EXTERNAL(), sasl.PLAIN("guest", "guest"))
        return ()


def _amqp10(url: str, cacert: str | None, clientcert: str | None, deadline: Deadline) -> "Amqp10Connection":
    require_proton()
    from .amqp10 import open_connection  # noqa: PLC0415  its library is an extra

    return open_connection(url, cacert, clientcert, deadline)


def _fail_when_blocked(_reason: str) -> None:
    raise TemporaryFailure(
        "could not publish message: the messaging server accepts none, because it is short of memory or disk space"
    )


def _socket_settings() -> dict[int, int]:
    # How long to wait for acknowledgements on a connection that a firewall forgot or whose other end lost power.
    option = getattr(socket, "TCP_USER_TIMEOUT", None)
    return {} if option is None else {option: int(_UNACKNOWLEDGED_SECONDS * 1000)}
