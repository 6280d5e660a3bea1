"""An HTTP receiver that answers 200 and counts, in its own process and fast enough not to matter.

``python -m benchmarks.durable.receiver FILE`` prints its port. FILE is memory that the sender reads without asking: how
many requests arrived, and when the one with each number did.
"""

import mmap
import select
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from .events import NUMBER

NUMBERS = 1 << 20
"""Larger numbers begin at 0 again."""

_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
_CELL_BYTES = 8


class Tally:
    """What has arrived so far, in memory that processes share."""

    def __init__(self, path: str) -> None:
        self.path = path
        with Path(path).open("r+b") as file:
            self._cells = memoryview(mmap.mmap(file.fileno(), 0)).cast("d")

    @property
    def count(self) -> int:
        """How many requests arrived."""
        return int(self._cells[0])

    def arrived_at(self, number: int) -> float:
        """Return the monotonic time at which the request with this number arrived first, or 0.0."""
        return self._cells[1 + number % NUMBERS]

    def forget(self) -> None:
        """Start again with nothing."""
        self._cells[:] = memoryview(bytes(len(self._cells) * _CELL_BYTES)).cast("d")

    def add(self, number: int, now: float) -> None:
        """Count a request."""
        self._cells[0] += 1.0
        cell = 1 + number % NUMBERS
        if number >= 0 and not self._cells[cell]:
            self._cells[cell] = now


class Receiver:
    """A receiver that runs between ``with Receiver(folder) as receiver:`` and the end of the block.

    :ivar url: where it receives.
    :ivar tally: what it received.
    """

    def __init__(self, folder: str) -> None:
        path = Path(folder, "arrived")
        with path.open("wb") as file:
            file.truncate((1 + NUMBERS) * _CELL_BYTES)
        self.tally = Tally(str(path))
        # It ends when its input does, however this process ends.
        command = [sys.executable, "-m", __name__, self.tally.path]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._process.stdout is not None
        self.url = f"http://127.0.0.1:{int(self._process.stdout.readline())}/"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.communicate()


class _Server:
    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=512)
        self._open: dict[int, tuple[socket.socket, bytearray]] = {}
        self._poll = select.epoll()
        self._poll.register(self._listening, select.EPOLLIN)
        self._poll.register(sys.stdin, select.EPOLLIN)

    @property
    def port(self) -> int:
        return int(self._listening.getsockname()[1])

    def serve(self) -> None:
        while True:
            for descriptor, _ in self._poll.poll():
                if descriptor in self._open:
                    self._read(descriptor)
                elif descriptor == self._listening.fileno():
                    self._accept()
                else:
                    return

    def _accept(self) -> None:
        connection, _ = self._listening.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._open[connection.fileno()] = connection, bytearray()
        self._poll.register(connection, select.EPOLLIN)

    def _read(self, descriptor: int) -> None:
        connection, buffer = self._open[descriptor]
        try:
            received = connection.recv(65536)
            buffer += received
            while received and (end := _end_of_request(buffer)):
                self._tally.add(_number(buffer), time.monotonic())
                del buffer[:end]
                connection.sendall(_ANSWER)
        except ConnectionError:  # the sender was killed, or did not wait for the answer
            received = b""
        if not received:
            del self._open[descriptor]
            connection.close()


def _end_of_request(buffer: bytearray) -> int:
    head = buffer.find(b"\r\n\r\n")
    if head < 0:
        return 0
    at = buffer.lower().find(b"\r\ncontent-length:", 0, head)
    end = head + 4 + (int(buffer[at + 17 : buffer.find(b"\r", at + 17)]) if at >= 0 else 0)
    return end if len(buffer) >= end else 0


def _number(buffer: bytearray) -> int:
    at = buffer.find(NUMBER)
    digits = buffer[at + len(NUMBER) : buffer.find(b",", at)]
    return int(digits) if at >= 0 and digits.isdigit() else -1


if __name__ == "__main__":
    server = _Server(Tally(sys.argv[1]))
    print(server.port, flush=True)
    server.serve()
