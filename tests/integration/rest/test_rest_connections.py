"""Connections: slow, idle and malformed, and the deadlines that protect the service from them."""

import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.support.raw_requests import ADMIN, HOST, LINE, POST, STATUS, connected, next_answer, rest_of, service_with
from tests.support.rest import EVENTS, OWN, RestService


def send_without_reading(connection: socket.socket, request: bytes) -> None:
    """Send a request again and again, also when the service does not take it."""
    connection.settimeout(0.2)
    for _ in range(100_000):
        with suppress(TimeoutError):
            connection.sendall(request)


def chatter(connection: socket.socket, piece: bytes, most: int = 100_000) -> bytes:
    """Send a piece again and again, slowly, until the service closes; return what it sent."""
    connection.settimeout(0.02)
    received = b""
    for _ in range(most):
        try:
            connection.sendall(piece)
            chunk = connection.recv(65536)
        except TimeoutError:
            continue
        except OSError:
            return received
        if not chunk:
            return received
        received += chunk
    raise AssertionError("The service never closed the connection.")


@pytest.fixture(scope="module")
def hasty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RestService]:
    """One service with short deadlines."""
    with service_with(
        tmp_path_factory.mktemp("rest"),
        head_seconds="0.4",
        transfer_seconds="0.4",
        keep_alive_seconds="0.4",
    ) as service:
        yield service


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RestService]:
    """One service with the deadlines of the defaults, and a short limit of heads."""
    with service_with(tmp_path_factory.mktemp("rest"), max_head_bytes="20000") as service:
        yield service


@pytest.mark.parametrize("sent", [b"GET", LINE, LINE + HOST + b"A: b"])
def test_a_head_that_is_never_completed_is_answered_408(hasty: RestService, sent: bytes) -> None:
    """The connection is closed then."""
    with connected(hasty) as connection:
        connection.sendall(sent)

        assert rest_of(connection).startswith(b"HTTP/1.1 408 Request Timeout\r\n")


def test_a_head_that_trickles_is_answered_408(hasty: RestService) -> None:
    """Each byte does not extend the deadline."""
    with connected(hasty) as connection:
        connection.sendall(LINE + HOST + b"A: ")

        assert chatter(connection, b"x").startswith(b"HTTP/1.1 408 ")


def test_the_second_head_on_a_connection_has_a_deadline_too(hasty: RestService) -> None:
    """The first request was answered."""
    with connected(hasty) as connection:
        connection.sendall(LINE + HOST + b"\r\n" + b"GET / HT")

        assert next_answer(connection).status == 200
        assert rest_of(connection).startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize("sent", [b"", b"\r\n"])
def test_an_idle_connection_is_closed_without_an_answer(hasty: RestService, sent: bytes) -> None:
    """Browsers open connections that they never use."""
    with connected(hasty) as connection:
        connection.sendall(sent)

        assert rest_of(connection) == b""


def test_empty_lines_do_not_keep_a_connection_open(hasty: RestService) -> None:
    """They are no request."""
    with connected(hasty) as connection:
        assert chatter(connection, b"\r\n") == b""


def test_a_connection_is_closed_when_it_is_idle_between_requests(hasty: RestService) -> None:
    """That is the setting ``keep_alive_seconds``."""
    with connected(hasty) as connection:
        connection.sendall(LINE + HOST + b"\r\n")
        assert next_answer(connection).status == 200

        assert rest_of(connection) == b""


@pytest.mark.parametrize("path", [EVENTS, f"{OWN}events/"])
@pytest.mark.parametrize(
    ("head", "piece"),
    [
        (b"Content-Length: 1000000\r\n\r\n", b"x"),
        (b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
    ],
)
def test_a_body_that_trickles_is_answered_408(hasty: RestService, path: str, head: bytes, piece: bytes) -> None:
    """A byte now and then does not keep the connection open."""
    with connected(hasty) as connection:
        connection.sendall(f"POST {path} HTTP/1.1\r\n".encode() + HOST + ADMIN + head)

        assert chatter(connection, piece).startswith(b"HTTP/1.1 408 Request Timeout\r\n")


@pytest.mark.parametrize("path", [EVENTS, "/nowhere/", EVENTS.rstrip("/"), STATUS])
def test_a_body_that_nobody_needs_has_the_same_deadline(hasty: RestService, path: str) -> None:
    """The answer comes first, if the client is not known or the path does not exist."""
    with connected(hasty) as connection:
        connection.sendall(f"POST {path} HTTP/1.1\r\n".encode() + HOST + b"Content-Length: 1000000\r\n\r\n")
        answered = next_answer(connection, "POST")

        assert answered.status in (301, 401, 404, 405)
        assert chatter(connection, b"x").startswith(b"HTTP/1.1 408 ")


def test_a_slow_body_that_moves_fast_enough_is_accepted(tmp_path: Path) -> None:
    """It may take longer than ``transfer_seconds``."""
    body = b'{"notifier_type_id": "http", "event_types": ["*"]}' + b" " * 200
    with (
        service_with(tmp_path, transfer_seconds="0.5", min_bytes_per_second="20") as service,
        connected(service) as connection,
    ):
        connection.sendall(POST + b"Content-Length: %d\r\n\r\n" % len(body))
        started_at = time.monotonic()
        for byte in body:
            connection.sendall(bytes([byte]))
            time.sleep(0.005)
        seconds = time.monotonic() - started_at

        assert next_answer(connection, "POST").status == 201
        assert seconds > 0.5


def test_a_client_that_does_not_read_its_answers_is_disconnected(hasty: RestService) -> None:
    """Answers would fill the memory otherwise."""
    with connected(hasty) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        request = f"GET {OWN}docs/api.json HTTP/1.1\r\n".encode() + HOST + b"\r\n"
        with pytest.raises(ConnectionError):
            send_without_reading(connection, request)


def test_pipelined_requests_are_answered_in_order(calm: RestService) -> None:
    """Bodies are no part of the next request."""
    # Not the status, which answers every half second.
    without_login = b"GET /pulp/api/v2/events/ HTTP/1.1\r\n" + HOST + b"\r\n"
    plain = b"PATCH / HTTP/1.1\r\n" + HOST + b"Content-Length: 25\r\n\r\nGET / HTTP/1.1\r\nHost: y\r\n"
    chunked = b"PUT / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n3;x\r\nabc\r\n0\r\nA: b\r\n\r\n"
    with connected(calm) as connection:
        connection.sendall((without_login + plain + chunked) * 200 + LINE + HOST + b"Connection: close\r\n\r\n")
        received = rest_of(connection)

    statuses = [part[:3] for part in received.split(b"HTTP/1.1 ")[1:]]
    assert [b"401", b"404", b"404"] * 200 + [b"200"] == statuses


def test_a_client_may_stop_sending_before_it_reads(calm: RestService) -> None:
    """Its requests are answered."""
    received = calm.talk((LINE + HOST + b"\r\n") * 2)

    assert received.count(b"HTTP/1.1 200 OK") == 2


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (LINE + b"\r\n", 400),
        (LINE + HOST + HOST + b"\r\n", 400),
        (LINE + b"Host: a b\r\n\r\n", 400),
        (b"GET /\r\n\r\n", 400),
        (b"GET " + b"/x" * 5000 + b" HTTP/1.1\r\n" + HOST + b"\r\n", 414),
        (LINE + HOST + b"A: " + b"x" * 30000 + b"\r\n\r\n", 431),
        (LINE + HOST + b"A: b\r\n" * 101 + b"\r\n", 431),
        (POST + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        (POST + b"Transfer-Encoding: chunked\r\n\r\n1;" + b"x" * 100_000, 400),
        (POST + b"Transfer-Encoding: chunked\r\n\r\n0\r\n" + b"A: b\r\n" * 100_000, 400),
        (POST + b"Transfer-Encoding: chunked\r\n\r\nx\r\n", 400),
    ],
)
def test_what_is_refused_is_answered_and_the_connection_closed(calm: RestService, sent: bytes, status: int) -> None:
    """Nothing after it is read as a request."""
    with connected(calm) as connection:
        with suppress(ConnectionError):
            connection.sendall(sent + (LINE + HOST + b"\r\n"))
        received = rest_of(connection)

    assert received.startswith(b"HTTP/1.1 %d " % status)
    assert received.count(b"HTTP/1.1 ") == 1
    assert b"\r\nconnection: close\r\n" in received


def test_trailers_of_a_body_are_no_headers(tmp_path: Path) -> None:
    """A proxy that removes a header from its clients may pass the same name as a trailer."""
    with service_with(tmp_path, {"remote_user_header": "X-Remote-User"}) as service, connected(service) as connection:
        head = f"POST {EVENTS} HTTP/1.1\r\n".encode() + HOST + b"Transfer-Encoding: chunked\r\n\r\n"
        connection.sendall(head + b"2\r\n{}\r\n0\r\nX-Remote-User: admin\r\n\r\n")

        assert next_answer(connection, "POST").status == 401


@pytest.mark.parametrize("method", ["FROB", "get", "CONNECT", "PURGE"])
@pytest.mark.parametrize("path", [EVENTS, f"{EVENTS}5f0c1e2d3a4b5c6d7e8f9012/", STATUS, f"{OWN}listeners/"])
def test_a_method_that_nobody_knows_is_answered_405(calm: RestService, method: str, path: str) -> None:
    """As any other that the path does not support; the connection stays usable."""
    known = calm.request("TRACE", path, login=None)
    with connected(calm) as connection:
        connection.sendall(f"{method} {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{{}}".encode())
        answer = next_answer(connection, "POST")
        connection.sendall(LINE + HOST + b"\r\n")

        assert next_answer(connection).status == 200
    assert (405, known.headers["allow"]) == (answer.status, answer.headers["allow"])
    assert known.body.replace(b"TRACE", method.encode()) == answer.body


def test_an_upgrade_that_is_not_offered_is_ignored(calm: RestService, caplog: pytest.LogCaptureFixture) -> None:
    """The body is not taken for the next request."""
    with connected(calm) as connection:
        upgrade = b"Connection: upgrade\r\nUpgrade: websocket\r\nContent-Length: 3\r\n\r\nGET"
        connection.sendall(b"POST / HTTP/1.1\r\n" + HOST + upgrade + LINE + HOST + b"\r\n")

        assert next_answer(connection, "POST").status == 404
        assert next_answer(connection).status == 200
    assert "WebSocket" not in caplog.text


def test_an_answer_before_100_continue_ends_the_connection(calm: RestService) -> None:
    """Whether the body or another request follows is not known."""
    with connected(calm) as connection:
        head = f"POST {EVENTS} HTTP/1.1\r\n".encode() + HOST + b"Expect: 100-continue\r\nContent-Length: 100\r\n\r\n"
        connection.sendall(head)

        assert next_answer(connection, "POST").status == 401
        connection.sendall(LINE + HOST + b"\r\n")
        assert rest_of(connection) == b""
