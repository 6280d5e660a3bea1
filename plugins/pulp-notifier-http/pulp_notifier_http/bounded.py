"""Connections with a time limit for the exchange as a whole, instead of one for each read and write.

A socket's timeout restarts with every byte, so a receiver that trickles its answer could hold a thread for ever. Here
every operation gets the time that is left for the exchange.
"""

import socket
import ssl
import sys
import threading
import time
from collections.abc import Sequence
from typing import Any

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError


class Exchange(threading.local):
    """The current exchange of the calling thread; a socket is used by one thread at a time and finds it here."""

    _ends = 0.0

    def start(self, seconds: float) -> None:
        """Give the exchange that begins this time."""
        self._ends = time.monotonic() + seconds

    def remaining(self) -> float:
        """Return the seconds that are left.

        :raises TimeoutError: no time is left.
        """
        seconds = self._ends - time.monotonic()
        if seconds <= 0:
            raise TimeoutError("the time limit for the exchange has passed")
        return seconds


exchange = Exchange()


class BoundedSocket(socket.socket):
    """A socket on which the answer of a proxy to ``CONNECT`` ends with the exchange."""

    def recv_into(self, *arguments: Any) -> int:
        """Read into a buffer."""
        self.settimeout(exchange.remaining())
        return super().recv_into(*arguments)


class BoundedTLSSocket(ssl.SSLSocket):
    """A TLS socket whose handshake and writes end with the exchange."""

    def do_handshake(self, block: bool = False) -> None:
        """Perform the TLS handshake."""
        self.settimeout(exchange.remaining())
        super().do_handshake(block)

    def send(self, *arguments: Any) -> int:
        """Write; ``sendall`` of a TLS socket calls this for each part."""
        self.settimeout(exchange.remaining())
        return super().send(*arguments)


class BoundedHTTPConnection(HTTPConnection):
    """urllib3's connection on bounded sockets."""

    def _new_conn(self) -> socket.socket:
        sys.audit("http.client.connect", self, self.host, self.port)
        try:
            return _connect(self._dns_host, self.port, self.socket_options or ())
        except socket.gaierror as error:
            raise NameResolutionError(self.host, self, error) from error
        except TimeoutError as error:
            raise ConnectTimeoutError(self, "no connection in time") from error
        except OSError as error:
            raise NewConnectionError(self, "no connection") from error


class BoundedHTTPSConnection(BoundedHTTPConnection, HTTPSConnection):
    """urllib3's TLS connection on bounded sockets; its context has to make :class:`BoundedTLSSocket`."""


def _connect(host: str, port: int, options: Sequence[tuple[int, int, int | bytes]]) -> BoundedSocket:
    # Each address gets a share of the time, so that an unreachable one leaves some for the next.
    addresses = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
    for left, (family, kind, protocol, _, address) in zip(range(len(addresses), 0, -1), addresses, strict=True):
        connection = BoundedSocket(family, kind, protocol)
        try:
            for option in options:
                connection.setsockopt(*option)
            connection.settimeout(exchange.remaining() / left)
            connection.connect(address)
        except OSError:
            connection.close()
            if left == 1:
                raise
        else:
            return connection
    raise OSError(f"{host} has no address")
