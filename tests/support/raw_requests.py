"""Requests as bytes, on connections of their own."""

import http.client
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.support.rest import EVENTS, OWN, TIMEOUT_SECONDS, Answer, RestService, answer_of, rest_service

STATUS = f"{OWN}status/"
HOST = b"Host: x\r\n"
LINE = f"GET {STATUS} HTTP/1.1\r\n".encode()
ADMIN = b"Authorization: Basic YWRtaW46YWRtaW4=\r\n"
POST = f"POST {EVENTS} HTTP/1.1\r\n".encode() + HOST + ADMIN


@contextmanager
def service_with(directory: Path, own: Mapping[str, str] | None = None, **limits: str) -> Iterator[RestService]:
    """Run the service with settings of ``[rest]``."""
    with rest_service(directory, rest=limits, **(own or {})) as service:
        yield service


@contextmanager
def connected(service: RestService) -> Iterator[socket.socket]:
    """Yield a connection."""
    with socket.create_connection(("127.0.0.1", service.server.port), timeout=TIMEOUT_SECONDS) as connection:
        yield connection


def rest_of(connection: socket.socket) -> bytes:
    """Return all that the service sends until it closes."""
    received = b""
    with suppress(ConnectionResetError):
        while chunk := connection.recv(65536):
            received += chunk
    return received


def next_answer(connection: socket.socket, method: str = "GET") -> Answer:
    """Return the next answer on a connection."""
    answer = http.client.HTTPResponse(connection, method=method)
    answer.begin()
    return answer_of(answer)
