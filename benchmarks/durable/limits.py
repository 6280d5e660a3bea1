"""How much the receivers themselves take, from a sender that costs next to nothing."""

import json
import socket
import time
from collections.abc import Sequence
from urllib.parse import urlsplit

from ..rounds import Figures
from .events import body, text

_CONNECTIONS = 16


def http_limit(url: str) -> Figures:
    """Return how many requests per second the receiver answers."""
    content = json.dumps(body(-1)).encode()
    request = b"POST / HTTP/1.1\r\nHost: receiver\r\nContent-Length: %d\r\n\r\n" % len(content) + content
    return {"rate": _rate(urlsplit(url).port or 80, [request], 40_000)}


def smtp_limit(port: int) -> Figures:
    """Return how many mails per second the receiver accepts."""
    mail = [b"MAIL FROM:<pulp@example.com>", b"RCPT TO:<operators@example.com>", b"DATA", text(-1).encode() + b"\r\n."]
    return {"rate": _rate(port, [line + b"\r\n" for line in mail], 3_000, opening=[b"", b"EHLO benchmark\r\n"])}


def _rate(port: int, steps: Sequence[bytes], count: int, opening: Sequence[bytes] = ()) -> float:
    connections = [socket.create_connection(("127.0.0.1", port)) for _ in range(_CONNECTIONS)]
    for step in opening:
        _take(connections, step)
    began = time.perf_counter()
    for _ in range(count // _CONNECTIONS):
        for step in steps:
            _take(connections, step)
    seconds = time.perf_counter() - began
    for connection in connections:
        connection.close()
    return count / seconds


def _take(connections: Sequence[socket.socket], step: bytes) -> None:
    for connection in connections:
        connection.sendall(step)
    for connection in connections:
        connection.recv(4096)
