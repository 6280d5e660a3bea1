"""Too many connections, too few descriptors, and heads without an end."""

import http.client
import resource
import socket
import ssl
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
import trustme

from pulp_notifiers.testing.http import HttpReceiver
from tests.support.raw_requests import HOST, LINE, POST, STATUS, connected, next_answer, rest_of, service_with
from tests.support.rest import EVENTS, TIMEOUT_SECONDS, RestService
from tests.support.service import Service
from tests.support.waiting import wait_until


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
