"""Connections: slow, idle, too many, malformed, and the limits that protect the service from them."""

import http.client
import resource
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest
import trustme

from pulp_notifiers.testing.http import HttpReceiver
from tests.support.rest import EVENTS, OWN, TIMEOUT_SECONDS, Answer, RestService, answer_of, rest_service
from tests.support.service import Service
from tests.support.waiting import wait_until

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


def send_without_reading(connection: socket.socket, request: bytes) -> None:
    """Send a request again and again, also when the service does not take it."""
    connection.settimeout(0.2)
    for _ in range(100_000):
        with suppress(TimeoutError):
            connection.sendall(request)


def next_answer(connection: socket.socket, method: str = "GET") -> Answer:
    """Return the next answer on a connection."""
    answer = http.client.HTTPResponse(connection, method=method)
    answer.begin()
    return answer_of(answer)


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


def test_a_connection_is_closed_after_the_answer_when_it_is_old(tmp_path: Path) -> None:
    """The answer says so."""
    with service_with(tmp_path, connection_seconds="0.000001") as service:
        assert service.request("GET", STATUS).headers["connection"] == "close"


def test_a_new_connection_takes_the_place_of_the_one_that_waits_longest(tmp_path: Path) -> None:
    """Also from the same address."""
    with service_with(tmp_path, max_connections="3") as service, ExitStack() as stack:
        idle, half, body = (stack.enter_context(connected(service)) for _ in range(3))
        half.sendall(b"GET")
        body.sendall(POST + b"Expect: 100-continue\r\nContent-Length: 2\r\n\r\n")
        assert body.recv(100).startswith(b"HTTP/1.1 100 ")

        stack.enter_context(connected(service)).sendall(b"GET")
        assert rest_of(idle) == b""
        stack.enter_context(connected(service)).sendall(b"GET")
        assert rest_of(half) == b""
        body.sendall(b"{}")
        assert next_answer(body, "POST").status == 400


@pytest.mark.parametrize("limit", ["max_connections", "max_connections_per_address"])
def test_a_burst_of_more_requests_than_connections_is_answered(tmp_path: Path, limit: str) -> None:
    """None of them is reset before it could be read."""

    def status_of(service: RestService, together: threading.Barrier) -> int:
        together.wait(TIMEOUT_SECONDS)
        return service.request("GET", EVENTS, headers={"Connection": "close"}).status

    with (
        service_with(tmp_path, {"trusted_proxies": "192.0.2.1"}, **{limit: "4"}) as service,
        ThreadPoolExecutor(24) as threads,
    ):
        service.request("GET", EVENTS)
        together = threading.Barrier(24)
        answers = [threads.submit(status_of, service, together) for _ in range(24)]

        assert [200] * 24 == [answer.result() for answer in answers]


def test_the_limit_of_one_address_does_not_hold_for_proxies(tmp_path: Path) -> None:
    """They connect for many clients."""
    with service_with(tmp_path / "proxy", max_connections_per_address="1") as service, connected(service) as first:
        assert service.request("GET", STATUS).status == 200
        first.sendall(LINE + HOST + b"\r\n")
        assert next_answer(first).status == 200

    other = {"trusted_proxies": "192.0.2.1"}
    with (
        service_with(tmp_path / "other", other, max_connections_per_address="1") as service,
        connected(service) as first,
    ):
        assert service.request("GET", STATUS).status == 200
        assert rest_of(first) == b""


def test_a_tls_handshake_that_never_ends_is_given_up(tmp_path: Path) -> None:
    """Others are served meanwhile, also if that is the last place."""
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    certificate.cert_chain_pems[0].write_to_path(tmp_path / "cert.pem")
    certificate.private_key_pem.write_to_path(tmp_path / "key.pem")
    trusted = ssl.create_default_context()
    authority.configure_trust(trusted)
    own = {"tls_certificate": str(tmp_path / "cert.pem"), "tls_key": str(tmp_path / "key.pem")}
    with (
        service_with(tmp_path / "state", own, head_seconds="1", max_connections="2") as service,
        connected(service) as evicted,
        connected(service) as late,
    ):
        client = http.client.HTTPSConnection("127.0.0.1", service.server.port, context=trusted, timeout=TIMEOUT_SECONDS)
        client.request("GET", STATUS)

        assert client.getresponse().status == 200
        assert rest_of(evicted) == b""
        assert rest_of(late) == b""
        client.close()


def test_the_server_stops_at_once_while_connections_are_idle_or_incomplete(tmp_path: Path) -> None:
    """Only requests in progress are waited for."""
    with service_with(tmp_path) as service, ExitStack() as stack:
        for sent in (b"", b"GET", LINE + HOST):
            stack.enter_context(connected(service)).sendall(sent)
        answered = stack.enter_context(connected(service))
        answered.sendall(LINE + HOST + b"\r\n")
        assert next_answer(answered).status == 200

        service.server.stop()
        assert rest_of(answered) == b""


@contextmanager
def file_limit(soft: int) -> Iterator[None]:
    """Start processes with another limit of open files."""
    before, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(before, min(4096, hard)), hard))


def test_more_hostile_sockets_than_open_files_do_not_stop_requests_and_deliveries(tmp_path: Path) -> None:
    """The attackers keep theirs open, and the log stays short."""
    service = Service(tmp_path)
    with ExitStack() as stack:
        with file_limit(1024):
            stack.enter_context(service)
        stack.enter_context(file_limit(4096))
        receiver = stack.enter_context(HttpReceiver())
        service.register("http", {"url": receiver.url}, "*")
        lines = len(service.log.read_text().splitlines())
        for number in range(1100):
            connection = stack.enter_context(socket.socket())
            connection.settimeout(TIMEOUT_SECONDS)
            connection.connect(("127.0.0.1", service.port))
            if number % 2:
                connection.sendall(POST)
        service.session.close()  # and so its next request needs a new connection
        for _ in range(20):
            service.fire("repo.sync.start")
            service.session.close()
        receiver.wait_for(20)

        log = [line for line in service.log.read_text().splitlines()[lines:] if "rest.access" not in line]
        assert 1 <= len(log) < 10, log
        assert service.stop() == 0


def test_connections_wait_while_no_descriptor_is_free(tmp_path: Path) -> None:
    """The log has one line for it, and one with the count at the end."""
    with Service(tmp_path) as service, ExitStack() as stack:
        pid = service.pid
        service.session.close()
        limits = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (3, limits[1]))
        connection = stack.enter_context(socket.create_connection(("127.0.0.1", service.port), TIMEOUT_SECONDS))
        connection.sendall(LINE + HOST + b"\r\n")
        wait_until(lambda: "Connections cannot be accepted" in service.log.read_text())
        resource.prlimit(pid, resource.RLIMIT_NOFILE, limits)

        assert next_answer(connection).status == 200
        log = service.log.read_text()
        assert log.count("Connections cannot be accepted: [Errno 24] Too many open files; raise the limit") == 1
        assert log.count("Connections are accepted again, after") == 1
        assert "out of system resource" not in log


def test_a_head_without_an_end_costs_no_memory(tmp_path: Path) -> None:
    """It is refused when it is longer than the limit."""
    with Service(tmp_path) as service:
        pid = service.pid
        before = resident_kilobytes(pid)
        with (
            socket.create_connection(("127.0.0.1", service.port), timeout=TIMEOUT_SECONDS) as connection,
            pytest.raises(ConnectionError),
        ):
            send_without_end(connection)

        assert resident_kilobytes(pid) < before + 2048


def send_without_end(connection: socket.socket) -> None:
    """Send a head of 800 MiB."""
    connection.sendall(LINE + HOST + b"A: ")
    megabyte = b"x" * 1024 * 1024
    for _ in range(800):
        connection.sendall(megabyte)


def resident_kilobytes(pid: int) -> int:
    """Return the memory that a process holds."""
    status = Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))
