"""What is read of an answer, and after which answers a connection carries another request."""

import io
import socket
import threading
from collections.abc import Callable, Iterator
from http.client import BadStatusLine, HTTPException, HTTPResponse, RemoteDisconnected
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some
from pulp_notifier_http import HttpNotifier
from pulp_notifier_http.answer import read_answer

from pulp_notifiers.errors import PermanentFailure, TemporaryFailure
from pulp_notifiers.event import Event
from pulp_notifiers.testing.http import Answer, HttpReceiver
from pulp_notifiers.testing.plugins import LoadedNotifier

Send = Callable[..., None]

OK = b"HTTP/1.1 200 OK\r\n"
EMPTY = OK + b"Content-Length: 0\r\n\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
REFUSED = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"


def read(*pieces: bytes) -> tuple[int, bool]:
    """Return the status of an answer that arrives in pieces before the connection ends, and if it is reusable."""
    arriving = iter(pieces)
    answer, is_reusable = read_answer(lambda: next(arriving, b""))
    return answer.status, is_reusable


@pytest.mark.parametrize(
    "answer",
    [
        EMPTY,
        OK + b"content-LENGTH:2\r\n\r\nok",
        OK + b"Content-Length: 65536\r\n\r\n" + b"x" * 65536,
        b"HTTP/1.1 204 No Content\r\n\r\n",
        b"HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n",
        b"HTTP/1.1 299\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\nContent-Length: 0\n\n",
        CHUNKED + b"2\r\nok\r\n0\r\n\r\n",
        CHUNKED + b"A;name=value\r\n0123456789\r\n00\r\nTrailer: x\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + EMPTY,
    ],
)
def test_a_connection_is_reusable_after_a_complete_answer(answer: bytes) -> None:
    """It does not matter in which pieces the answer arrives."""
    bytewise = [answer[i : i + 1] for i in range(len(answer))]

    assert read(answer)[1]
    assert read(*bytewise) == read(answer)


@pytest.mark.parametrize(
    "answer",
    [
        EMPTY + EMPTY,
        b"HTTP/1.1 204 No Content\r\n\r\n" + REFUSED,
        b"HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n",
        OK + b"Content-Length: 2\r\n\r\nok!",
        OK + b"Content-Length: 3\r\n\r\nok",
        OK + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\nok!",
        OK + b"Content-Length: -1\r\n\r\n",
        OK + b"Content-Length: 0x1\r\n\r\n!",
        OK + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n",
        OK + b"Content-Length: 65537\r\n\r\n" + b"x" * 65537,
        OK + b"Content-Length: 0\r\nConnection: Upgrade, Close\r\n\r\n",
        OK + b"Content-Length: 0\r\nConnection: keep-alive\r\nConnection: close\r\n\r\n",
        OK + b"\r\n",
        OK + b"Content-Length: 0",
        b"HTTP/1.1 200",
        b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nContent-Length: 0\r\n\r\n",
        OK + b"Transfer-Encoding: gzip, chunked\r\nContent-Length: 0\r\n\r\n",
        CHUNKED + b"2\r\nok\r\n0\r\n\r\n" + EMPTY,
        CHUNKED + b"2\r\nok\r\n0\r\n",
        CHUNKED + b"2\r\nok!\r\n0\r\n\r\n",
        CHUNKED + b"-2\r\nok\r\n0\r\n\r\n",
        CHUNKED + b"0x2\r\nok\r\n0\r\n\r\n",
        CHUNKED + b"\r\n0\r\n\r\n",
        CHUNKED + b"10001\r\n" + b"x" * 65537 + b"\r\n0\r\n\r\n",
        CHUNKED + b"0\r\n" + b"Trailer: x\r\n" * 10_000 + b"\r\n",
        CHUNKED + b"0;" + b"x" * 100_000 + b"\r\n\r\n",
    ],
)
def test_a_connection_is_not_reusable_if_the_end_of_the_answer_is_in_doubt(answer: bytes) -> None:
    """The status counts all the same."""
    status, is_reusable = read(*(answer[i : i + 16384] for i in range(0, len(answer), 16384)))

    assert status == int(answer[9:12])
    assert not is_reusable


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (b"", RemoteDisconnected),
        (b"HTTP/1.1 100 Continue\r\n\r\n", RemoteDisconnected),
        (b"HTTP/1.1 20", BadStatusLine),
        (b"HTTP/1.1 2000 OK\r\n\r\n", BadStatusLine),
        (b"HTTP/1.1 099 OK\r\n\r\n", BadStatusLine),
        (b"HTTP/1.1 -20 OK\r\n\r\n", BadStatusLine),
        (b"HTTP/1.1 OK\r\n\r\n", BadStatusLine),
        (b"HTTP/2 200 OK\r\n\r\n", BadStatusLine),
        (b"\r\n\r\n" + EMPTY, BadStatusLine),
        (b"220 mail.example ESMTP\r\n", BadStatusLine),
        (OK + b"X-Long: " + b"x" * 7_000_000, HTTPException),
        (b"x" * 7_000_000, HTTPException),
        (b"HTTP/1.1 100 Continue\r\n\r\n" * 300_000, HTTPException),
        (OK + b"X: x\r\n" * 101 + b"\r\n", HTTPException),
        (OK + b"X: x\r\n" * 10_000, HTTPException),
    ],
)
def test_an_answer_without_a_proper_head_is_an_error(answer: bytes, error: type[Exception]) -> None:
    """It has no status, or a head with more fields than the standard library accepts."""
    with pytest.raises(error):
        read(*(answer[i : i + 16384] for i in range(0, len(answer), 16384)))


def test_a_head_may_have_a_hundred_fields_and_long_lines() -> None:
    """What the standard library accepts is accepted."""
    assert read(OK + b"X: x\r\n" * 99 + b"Content-Length: 0\r\n\r\n") == (200, True)
    assert read(OK + b"X: " + b"x" * 60_000 + b"\r\n", b"Content-Length: 0\r\n\r\n") == (200, True)


FIELDS = some.sampled_from(
    [
        *(b"Content-Length: 0", b"Content-Length: 2", b"CONTENT-LENGTH:  5 ", b"Content-Length: five"),
        *(b"Connection: close", b"connection: keep-alive", b"Connection:", b"Retry-After: 120", b"retry-after:soon "),
        *(b"Transfer-Encoding: chunked", b"Transfer-Encoding: Chunked", b"Transfer-Encoding: gzip"),
        *(b"Server: x", b"X-Content-Length: 3", b"X: Content-Length: 3", b"X:"),
    ]
)
BODIES = some.sampled_from(
    [b"", b"ok", b"hello", b"2\r\nok\r\n0\r\n\r\n", b"0\r\n\r\n", b"0\r\nX: x\r\n\r\n", b"5\r\nhello\r\n"]
)


class Pieces(io.RawIOBase):
    """Bytes as the standard library's reader expects a socket."""

    def __init__(self, octets: bytes) -> None:
        self.octets = octets

    def makefile(self, mode: str) -> "Pieces":
        return self

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        count = min(len(buffer), len(self.octets))
        buffer[:count], self.octets = self.octets[:count], self.octets[count:]
        return count


@given(
    some.sampled_from([b"HTTP/1.1", b"HTTP/1.0"]),
    some.sampled_from([b"200 OK", b"204 No Content", b"304 X", b"429", b"503 Service  Unavailable"]),
    some.lists(FIELDS, max_size=5, unique_by=lambda field: field.split(b":")[0].lower()),
    BODIES,
    some.sampled_from([b"", b"", b"\r\n", EMPTY]),
    some.integers(1, 40),
)
def test_an_answer_is_read_as_the_standard_library_reads_it(
    version: bytes, status: bytes, fields: list[bytes], body: bytes, rest: bytes, size: int
) -> None:
    """Status and ``Retry-After`` are the same, and a connection is only reused where it would be reused there too."""
    octets = b"\r\n".join([version + b" " + status, *fields, b"", b""]) + body + rest
    pieces = Pieces(octets)
    expected = HTTPResponse(pieces, method="POST")  # type: ignore[arg-type]
    expected.begin()
    arriving = iter([octets[i : i + size] for i in range(0, len(octets), size)])

    answer, is_reusable = read_answer(lambda: next(arriving, b""))

    assert answer.status == expected.status
    assert (answer.retry_after or "").strip() == (expected.headers.get("Retry-After") or "").strip()
    if is_reusable:
        expected.read()
        assert not expected.will_close
        assert pieces.octets == b"".join(arriving)


@pytest.fixture
def scripted() -> Iterator[tuple[str, list[socket.socket]]]:
    """Return the URL of a receiver that accepts each request, and its connections, which stay open."""
    connections: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=accept_all, args=(listening, connections))
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/", connections
        listening.shutdown(socket.SHUT_RDWR)
        thread.join()
    for connection in connections:
        connection.close()


def accept_all(listening: socket.socket, connections: list[socket.socket]) -> None:
    """Answer one request on each connection."""
    while True:
        try:
            connection, _ = listening.accept()
        except OSError:  # the test is over
            return
        connections.append(connection)
        while not connection.recv(65536).endswith(b"}"):
            pass
        connection.sendall(EMPTY)


def test_an_answer_that_nobody_asked_for_is_never_taken_for_the_next_one(
    scripted: tuple[str, list[socket.socket]], send: Send
) -> None:
    """It arrives while the connection is idle."""
    url, connections = scripted
    send(url=url)
    connections[0].sendall(REFUSED)

    send(url=url)

    assert 2 == len(connections)


def test_an_answer_that_follows_another_is_never_taken_for_the_next_one(send: Send) -> None:
    """Both arrive together."""
    with HttpReceiver([Answer(headers={"Content-Length": "0"}, body=REFUSED)]) as receiver:
        send(url=receiver.url)
        send(url=receiver.url)

        assert [1, 2] == [request.connection for request in receiver.requests]


def test_a_connection_that_is_half_closed_is_replaced(scripted: tuple[str, list[socket.socket]], send: Send) -> None:
    """The receiver could read another request, but not answer it."""
    url, connections = scripted
    send(url=url)
    connections[0].shutdown(socket.SHUT_WR)

    send(url=url)

    assert 2 == len(connections)


@pytest.mark.parametrize("secure", [False, True])
def test_an_answer_may_arrive_byte_by_byte(secure: bool, send: Send, certificates: Path) -> None:
    """The connection is reused afterwards."""
    certificate = certificates / "127.0.0.1.pem" if secure else None
    with HttpReceiver([Answer(body=b"ok", trickle_seconds=0.001)], certificate=certificate) as receiver:
        for _ in range(2):
            send(url=receiver.url, ca_path=str(certificates / "ca.pem"))

        assert [1, 1] == [request.connection for request in receiver.requests]


def test_an_answer_counts_even_if_the_receiver_did_not_read_the_request() -> None:
    """It refused the event by its head, and closed the connection while the body was still being sent."""
    large = Event("repo.sync.finish", {"repo_id": "zoo", "summary": "x" * 20_000_000})
    notifier = LoadedNotifier("http", HttpNotifier)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=refuse_one, args=(listening,))
        thread.start()
        with pytest.raises(PermanentFailure, match="Received HTTP 413"):
            notifier.send(large, notifier.parse({"url": f"http://127.0.0.1:{listening.getsockname()[1]}/"}), "", 1)
        thread.join()
    notifier.close()


def refuse_one(listening: socket.socket) -> None:
    """Refuse a request after its first bytes."""
    connection, _ = listening.accept()
    with connection:
        connection.recv(100)
        connection.sendall(b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n")
        connection.shutdown(socket.SHUT_RDWR)


def test_a_huge_head_is_a_temporary_failure(send: Send) -> None:
    """It is not read to its end."""
    huge = Answer(headers={f"X-{number}": "x" for number in range(5000)})
    with HttpReceiver([huge]) as receiver, pytest.raises(TemporaryFailure, match="is not HTTP"):
        send(url=receiver.url)
