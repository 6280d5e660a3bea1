"""Connections with a time limit for the exchange as a whole, instead of one for each read and write.

A socket's timeout restarts with every byte, so a receiver that trickles its answer could hold a thread for ever. Here
every operation gets the time that is left for the exchange.
"""

import socket
import ssl
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http import HTTPStatus
from http.client import HTTPResponse
from typing import Any

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError


class Exchange(threading.local):
    """The current exchange of the calling thread; a socket is used by one thread at a time and finds it here.

    :ivar target: the request target, byte for byte: path and query, or the whole URL if it goes through a proxy.
    :ivar connected: whether a new connection was opened for it.
    """

    target = ""
    connected = False
    _ends = 0.0

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Limit the exchange inside the block to this time."""
        self.connected, self._ends = False, time.monotonic() + seconds
        try:
            yield
        finally:
            self._ends = 0.0

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
    """A socket whose reads and writes end with the exchange."""

    def recv(self, *arguments: Any) -> bytes:
        """Read."""
        self.settimeout(exchange.remaining())
        return super().recv(*arguments)

    def recv_into(self, *arguments: Any) -> int:
        """Read into a buffer."""
        self.settimeout(exchange.remaining())
        return super().recv_into(*arguments)

    def sendall(self, *arguments: Any) -> None:
        """Write; the timeout of a plain socket's ``sendall`` is already one for the whole call."""
        self.settimeout(exchange.remaining())
        super().sendall(*arguments)


class BoundedTLSSocket(ssl.SSLSocket):
    """A TLS socket whose handshake, reads and writes end with the exchange."""

    def do_handshake(self, block: bool = False) -> None:
        """Perform the TLS handshake."""
        self.settimeout(exchange.remaining())
        super().do_handshake(block)

    def recv_into(self, *arguments: Any) -> int:
        """Read into a buffer."""
        self.settimeout(exchange.remaining())
        return super().recv_into(*arguments)

    def send(self, *arguments: Any) -> int:
        """Write; ``sendall`` of a TLS socket calls this for each part."""
        self.settimeout(exchange.remaining())
        return super().send(*arguments)


class FinalAnswer(HTTPResponse):
    """The final answer, which any number of interim ones may precede (RFC 9110, 15.2)."""

    def begin(self) -> None:
        """Read heads up to the final one; the standard library only skips 100."""
        super().begin()
        while 100 <= self.status < 200 and self.status != HTTPStatus.SWITCHING_PROTOCOLS:
            self.headers = self.msg = None  # type: ignore[assignment]  # so that begin() reads another head
            super().begin()


class BoundedHTTPConnection(HTTPConnection):
    """urllib3's connection on bounded sockets."""

    response_class = FinalAnswer

    def _new_conn(self) -> socket.socket:
        exchange.connected = True
        sys.audit("http.client.connect", self, self.host, self.port)
        try:
            return _connect(self._dns_host, self.port, self.socket_options or ())
        except socket.gaierror as error:
            raise NameResolutionError(self.host, self, error) from error
        except TimeoutError as error:
            raise ConnectTimeoutError(self, "no connection in time") from error
        except OSError as error:
            raise NewConnectionError(self, "no connection") from error

    def putrequest(self, method: str, url: str, *arguments: Any, **options: Any) -> None:
        """Start a request for the exchange's target, because urllib3 logs the one that it was given."""
        super().putrequest(method, exchange.target, *arguments, **options)


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
