"""A proxy that carries ``CONNECT`` to every host to one port of this machine."""

import socket
import socketserver
import threading
from types import TracebackType
from typing import Self


class Tunnel:
    """Listens between ``with Tunnel(port) as tunnel:`` and the end of the block.

    :param to_port: where every connection leads, whatever host was asked for.
    """

    def __init__(self, to_port: int) -> None:
        self._server = _Server(("127.0.0.1", 0), _Carry)
        self._server.to_port = to_port
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), name="tunnel")

    @property
    def url(self) -> str:
        """The URL for ``https_proxy``."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Server(socketserver.ThreadingTCPServer):
    to_port: int


class _Carry(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        """Answer the ``CONNECT`` and copy until both sides have closed."""
        for line in self.rfile:
            if line == b"\r\n":
                break
        assert isinstance(self.server, _Server)
        with socket.create_connection(("127.0.0.1", self.server.to_port)) as there:
            self.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
            back = threading.Thread(target=_pump, args=(there, self.connection))
            back.start()
            _pump(self.connection, there)
            back.join()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:  # the other side was faster
        return
