"""A TCP connection, with or without TLS, that never blocks once it is open."""

import os
import select
import socket
import ssl
from collections.abc import Callable
from typing import Any, Self

from ..deadline import Deadline

_READ_BYTES = 65536
_UNACKNOWLEDGED_SECONDS = 5.0


_NO_TLS = frozenset({"WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "UNEXPECTED_EOF_WHILE_READING"})
_UNTRUSTED_CLIENT = frozenset(
    {
        "TLSV13_ALERT_CERTIFICATE_REQUIRED",
        "SSLV3_ALERT_HANDSHAKE_FAILURE",
        "SSLV3_ALERT_BAD_CERTIFICATE",
        "SSLV3_ALERT_CERTIFICATE_UNKNOWN",
        "TLSV1_ALERT_UNKNOWN_CA",
    }
)
"""Reasons of OpenSSL for what is an error of TLS between these ends."""


def tls_text(error: BaseException) -> str | None:
    """Return why TLS failed, and what to do; None if it is another error."""
    if isinstance(error, ssl.SSLCertVerificationError):
        why = error.verify_message.rstrip(".")
        return (
            f"the server's certificate is not trusted: {why}; set [messaging] cacert to the certificate of the "
            "authority that signed it, and write the name in it as the host of the URL"
        )
    reason = error.reason if isinstance(error, ssl.SSLError) else None
    if reason in _NO_TLS:
        return (
            "the server does not speak TLS on this port; write the port of its TLS in the URL, or qpid:// or amqp10:// "
            "for clear text"
        )
    if reason in _UNTRUSTED_CLIENT:
        return "the server demands a client certificate that it trusts; set [messaging] clientcert to one"
    return None


def _addresses(host: str, port: int) -> list[Any]:
    return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)


class Wire:
    """An open connection, for one thread at a time.

    :param connected: a socket, after the handshake of TLS if it has TLS.
    """

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected
        self._socket.setblocking(False)
        self._poll = select.poll()
        self._watched = 0
        self._number = connected.fileno()

    @classmethod
    def connect(
        cls,
        host: str,
        port: int,
        tls: ssl.SSLContext | None,
        deadline: Deadline,
        look_up: Callable[[str, int], list[Any]] = _addresses,
    ) -> Self:
        """Connect to a server.

        :param look_up: returns its addresses as :func:`socket.getaddrinfo` does.
        :raises OSError: it does not accept the connection, or its certificate is not trusted.
        """
        connected = _connected(look_up(host, port), deadline)
        try:
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            _set_user_timeout(connected, _UNACKNOWLEDGED_SECONDS)
            if tls is not None:
                connected.settimeout(_remaining(deadline))
                connected = tls.wrap_socket(connected, server_hostname=host)
            return cls(connected)
        except BaseException:
            connected.close()
            raise

    def disable_send_timeout(self) -> None:
        """Keep the connection open even if the server stops reading."""
        _set_user_timeout(self._socket, 0)

    def write(self, data: memoryview) -> int:
        """Return how many of these bytes the system takes now.

        :raises OSError: the connection broke.
        """
        try:
            return self._socket.send(data)
        except (BlockingIOError, ssl.SSLWantWriteError, ssl.SSLWantReadError):
            return 0

    def read(self) -> bytes | None:
        """Return what arrived: None if nothing did, no bytes if the server closed the connection.

        :raises OSError: the connection broke.
        """
        try:
            return self._socket.recv(_READ_BYTES)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return None
        except ssl.SSLEOFError:
            return b""

    def wait(self, seconds: float, to_write: bool) -> None:
        """Wait until something arrives, or until the system takes bytes if there are some to write."""
        events = select.POLLIN | (select.POLLOUT if to_write else 0)
        if events != self._watched:
            self._poll.register(self._number, events)
            self._watched = events
        self._poll.poll(seconds * 1000)

    def close(self) -> None:
        """Close the connection at once."""
        self._socket.close()

    def abandon(self) -> None:
        """In a forked child: close the copied descriptor without sending anything on the parent's connection."""
        number = self._socket.detach()
        if number >= 0:
            os.close(number)


def _connected(addresses: list[Any], deadline: Deadline) -> socket.socket:
    problem: OSError | None = None
    for left, (family, kind, protocol, _, address) in zip(range(len(addresses), 0, -1), addresses, strict=True):
        connecting = socket.socket(family, kind, protocol)
        try:
            # A share of the time: one address may never answer, as where IPv6 is set up and does not work.
            connecting.settimeout(_remaining(deadline) / left)
            connecting.connect(address)
            return connecting
        except OSError as error:
            connecting.close()
            problem = error
    raise problem or OSError("its name has no address")


def _remaining(deadline: Deadline) -> float:
    remaining = deadline.remaining()
    if not remaining:
        raise TimeoutError
    return remaining


def _set_user_timeout(connected: socket.socket, seconds: float) -> None:
    # How long to wait for acknowledgements on a connection that a firewall forgot or whose other end lost power.
    option = getattr(socket, "TCP_USER_TIMEOUT", None)
    if option is not None:
        connected.setsockopt(socket.IPPROTO_TCP, option, int(seconds * 1000))
