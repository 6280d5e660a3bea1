"""A router between a client and a server that can break connections and be away."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Self


class Relay:
    """Forwards connections on a port of its own to another.

    :param overhear: is called with what the server sends before the client gets it.
    """

    def __init__(self, to_port: int, overhear: Callable[[bytes], None] | None = None) -> None:
        self._to_port = to_port
        self._overhear = overhear
        self._passing = threading.Event()
        self._passing.set()
        self._piece, self._pause = 65536, 0.0
        self._ends: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        # Bound and never listening: it reserves the port while the relay is away.
        self._place = socket.socket()
        self._place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._place.bind(("127.0.0.1", 0))
        self.port = self._place.getsockname()[1]

    def __enter__(self) -> Self:
        self.begin()
        return self

    def __exit__(self, *_error: object) -> None:
        self.end()
        self._place.close()

    def begin(self) -> None:
        """Accept connections."""
        self._server = socket.create_server(("127.0.0.1", self.port))
        self._start(self._accept, self._server)

    @contextmanager
    def black_hole(self) -> Iterator[None]:
        """Accept connections and forward nothing for one ``with`` block, as a network that drops packets."""
        self._passing.clear()
        try:
            yield
        finally:
            self._passing.set()

    @contextmanager
    def slow(self, piece: int, pause_seconds: float) -> Iterator[None]:
        """Forward at most so many bytes at once, with a pause after each, for one ``with`` block: as a slow server."""
        self._piece, self._pause = piece, pause_seconds
        try:
            yield
        finally:
            self._piece, self._pause = 65536, 0.0

    def end(self) -> None:
        """Refuse connections from now on, and break those that are open."""
        self._server.shutdown(socket.SHUT_RDWR)
        self._threads[0].join()  # after that no ends are added
        self._server.close()
        self.cut()
        while self._threads:
            self._threads.pop().join()

    def cut(self) -> None:
        """Break every connection."""
        ends, self._ends = self._ends, []
        for end in ends:
            with already_down():
                end.shutdown(socket.SHUT_RDWR)

    def _accept(self, server: socket.socket) -> None:
        while True:
            try:
                near, _ = server.accept()
            except OSError:
                return
            far = socket.create_connection(("127.0.0.1", self._to_port))
            self._ends += [near, far]
            self._start(self._forward, near, far, None)
            self._start(self._forward, far, near, self._overhear)

    def _forward(self, source: socket.socket, sink: socket.socket, overhear: Callable[[bytes], None] | None) -> None:
        with source, already_down():
            while data := source.recv(self._piece):
                self._passing.wait()
                time.sleep(self._pause)
                if overhear is not None:
                    overhear(data)
                sink.sendall(data)
            sink.shutdown(socket.SHUT_RDWR)

    def _start(self, work: Any, *arguments: Any) -> None:
        self._threads.append(threading.Thread(target=work, args=arguments))
        self._threads[-1].start()


@contextmanager
def already_down() -> Iterator[None]:
    """Ignore that the other end was faster to break the connection."""
    try:
        yield
    except OSError:
        return
