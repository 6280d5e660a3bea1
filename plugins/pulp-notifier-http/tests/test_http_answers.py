"""What is read of an answer, and after which answers a connection carries another request."""

import io
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from http.client import BadStatusLine, HTTPException, HTTPResponse, RemoteDisconnected
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some
from pulp_notifier_http import HttpNotifier
from pulp_notifier_http.answer import read_answer
from pulp_notifier_http.failures import Answer as FinalAnswer

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
        OK + b"X: x\r\n" * 101 + b"Content-Length: 0\r\n\r\n",
        OK + b"X: x\r\n" * 10_000 + b"Content-Length: 0\r\n\r\n",
        OK + b"X: " + b"x" * 70_000 + b"\r\nContent-Length: 0\r\n\r\n",
        OK + b"Content-Length: 2\r\ncontent-length: 2\r\n\r\nok",
    ],
)
def test_a_connection_is_reusable_after_a_complete_answer(answer: bytes) -> None:
    """It does not matter in which pieces the answer arrives."""
    bytewise = [answer[i : i + 1] for i in range(len(answer))]

    assert read(answer) == (int(answer[9:12]) if b"100 C" not in answer else 200, True)
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
        OK + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        OK + b"X-L\xc3\xa4nge: 1\r\nContent-Length: 0\r\n\r\n",
        OK + b"Content-Length : 0\r\nContent-Length: 0\r\n\r\n",
        OK + b"no colon\r\nContent-Length: 0\r\n\r\n",
        OK + b"X: a\r\n folded\r\nContent-Length: 0\r\n\r\n",
        OK + b"Content-Length: +2\r\n\r\nok",
        OK + b"Content-Length: 2, 2\r\n\r\nok",
        OK + b"X-Long: " + b"x" * 7_000_000,
        OK + b"X: x\r\n" * 1_000_000,
        b"HTTP/1.1 200 " + b"x" * 7_000_000,
        b"HTTP/1.1 200 \x1b[31m\x00\xff\r\n\r\n",
        b"HTTP/1.1 500 Oops\r\nX-Long: " + b"x" * 7_000_000,
        b"HTTP/1.1 410 Gone\r\nContent-Length: -1\r\n\r\n",
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
        (b"HTTP/1.1 200OK\r\n\r\n", BadStatusLine),
        (b"HTTP/1.1 100 Continue\r\nX-Long: " + b"x" * 7_000_000, HTTPException),
        (b"HTTP/1.1 103 " + b"x" * 7_000_000, HTTPException),
        (b"x" * 7_000_000, HTTPException),
        (b"HTTP/1.1 100 Continue\r\n\r\n" * 300_000, HTTPException),
    ],
)
def test_an_answer_without_a_final_status_is_an_error(answer: bytes, error: type[Exception]) -> None:
    """The first line is garbage, or interim answers do not end."""
    with pytest.raises(error):
        read(*(answer[i : i + 16384] for i in range(0, len(answer), 16384)))


def test_no_more_of_an_answer_is_read_than_its_bounds_allow() -> None:
    """A quarter of a megabyte of fields, or 64 kB of body."""
    sizes = []
    for start in (OK + b"X: ", OK + b"\r\n", b"HTTP/1.1 200 ", CHUNKED):
        pieces = [start]

        def receive(pieces: list[bytes] = pieces) -> bytes:
            pieces.append(b"1" * 16384)
            return pieces[-2]

        assert read_answer(receive)[0].status == 200
        sizes.append(sum(map(len, pieces[:-1])))

    assert max(sizes) < 300_000


@pytest.mark.parametrize("error", [TimeoutError(), ConnectionResetError(), ssl.SSLError(), HTTPException()])
@pytest.mark.parametrize("arrived", [b"HTTP/1.1 200 ", OK, OK + b"X: x\r\n\r\n", OK + b"Content-Length: 9\r\n\r\nx"])
def test_the_status_stands_however_the_rest_fails(arrived: bytes, error: Exception) -> None:
    """The receiver stops sending, resets the connection or breaks TLS."""
    pieces = [arrived]

    def receive() -> bytes:
        if not pieces:
            raise error
        return pieces.pop()

    assert read_answer(receive) == (FinalAnswer(200, ""), False)


def test_retry_after_counts_even_if_the_head_does_not_end() -> None:
    """What arrived completely is used."""
    arriving = iter([b"HTTP/1.1 503 Busy\r\nRetry-After: 70\r\nRetry-Af"])

    assert "70" == read_answer(lambda: next(arriving, b""))[0].retry_after


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


ODD_HEADS = [
    b"".join(b"X-%d: x\r\n" % number for number in range(101)) + b"Content-Length: 0\r\n",
    b"".join(b"X-%d: x\r\n" % number for number in range(10_000)) + b"Content-Length: 0\r\n",
    b"X-Long: " + b"x" * 70_000 + b"\r\nContent-Length: 0\r\n",
    b"X-Long: " + b"x" * 1_000_000 + b"\r\nContent-Length: 0\r\n",
    b"Content-Length: -1\r\n",
    b"Content-Length: 99999999999999999999\r\n",
    b"Content-Length: 0\r\nContent-Length: 0\r\n",
    b"Content-Length: 0\r\nContent-Length: 7\r\n",
    b"X-Gr\xc3\xb6\xc3\x9fe: 1\r\n\xff\xfe: 2\r\nContent-Length: 0\r\n",
    b"Transfer-Encoding: chunked\r\n\r\nnot a size\r\n",
]


@pytest.mark.parametrize("head", ODD_HEADS, ids=range(len(ODD_HEADS)))
def test_the_status_is_the_verdict_whatever_follows_it(head: bytes, send: Send) -> None:
    """200 is delivered, 500 and 410 keep their meaning, and the next exchange is not disturbed."""
    raw = [Answer(raw=b"HTTP/1.1 %d Any\r\n" % status + head + b"\r\n") for status in (200, 500, 410)]
    with HttpReceiver([*raw, 200]) as receiver:
        send(url=receiver.url)
        with pytest.raises(TemporaryFailure, match="Received HTTP 500 "):
            send(url=receiver.url)
        with pytest.raises(PermanentFailure, match="Received HTTP 410 "):
            send(url=receiver.url)
        send(url=receiver.url)

        assert 4 == len(receiver.requests)


def test_nothing_that_a_receiver_sends_reaches_a_reason_or_the_log(
    send: Send, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither reason phrases nor fields nor bodies, at any level."""
    caplog.set_level(1)
    evil = b"\x1b[31mEVIL\x00"
    answers = [
        Answer(raw=b"HTTP/1.1 500 %s\r\n%s: %s\r\nRetry-After: %s\r\n\r\n%s" % ((evil,) * 5), close=True),
        Answer(raw=b"HTTP/1.1 %s\r\n\r\n" % evil, close=True),
        Answer(raw=evil * 1000, close=True),
    ]
    with HttpReceiver(answers) as receiver:
        for _ in answers:
            with pytest.raises(TemporaryFailure) as raised:
                send(url=receiver.url)

            assert "EVIL" not in raised.value.reason
            assert len(raised.value.reason) < 300
    assert "EVIL" not in caplog.text
