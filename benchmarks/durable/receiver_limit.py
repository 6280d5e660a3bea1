"""How many requests the receiver itself takes."""

import json
import socket
import time
from urllib.parse import urlsplit

from ..rounds import Figures
from .events import body

_CONNECTIONS = 16
_REQUESTS = 40_000


def limit(url: str) -> Figures:
    """Return the rate at which the receiver answers a sender that costs next to nothing."""
    place = urlsplit(url)
    content = json.dumps(body(-1)).encode()
    request = b"POST / HTTP/1.1\r\nHost: receiver\r\nContent-Length: %d\r\n\r\n" % len(content) + content
    connections = [socket.create_connection((place.hostname, place.port)) for _ in range(_CONNECTIONS)]
    began = time.perf_counter()
    for _ in range(_REQUESTS // _CONNECTIONS):
        for connection in connections:
            connection.sendall(request)
        for connection in connections:
            connection.recv(1024)
    seconds = time.perf_counter() - began
    for connection in connections:
        connection.close()
    return {"rate": _REQUESTS / seconds}
