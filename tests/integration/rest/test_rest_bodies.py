"""Large, slow and broken bodies."""

import http.client
import json
import socket
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.support.rest import EVENTS, OWN, TIMEOUT_SECONDS, RestService, answer_of, basic, rest_service

LIMIT = 1024 * 1024
TEN_MEGABYTES = 10 * 1024 * 1024
ADMIN = ("admin", "admin")
HEAD = f"Host: x\r\nAuthorization: {basic('admin', 'admin')}\r\n".encode()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RestService]:
    """One service that accepts bodies of 1 MiB."""
    with rest_service(tmp_path_factory.mktemp("rest"), max_body_bytes=str(LIMIT)) as service:
        yield service


@pytest.fixture
def service(running: RestService) -> RestService:
    """The service without listeners."""
    running.clear()
    return running


def big(size: int) -> bytes:
    """Return a valid new listener of this many bytes."""
    empty = json.dumps({"notifier_type_id": "http", "event_types": ["*"], "notifier_config": {"a": ""}}).encode()
    return empty.replace(b'""', b'"' + b"x" * (size - len(empty)) + b'"')


def chunks(sent: bytes) -> Iterator[bytes]:
    """Yield a body in chunks, so that its length is unknown at the start."""
    for start in range(0, len(sent), 65536):
        yield sent[start : start + 65536]


@pytest.mark.parametrize("form", [bytes, chunks])
@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_an_ordinary_client_can_read_the_413_for_ten_megabytes(service: RestService, method: str, form: Any) -> None:
    """Such a client reads only after it has sent everything; the connection stays usable."""
    path = EVENTS if method == "POST" else f"{EVENTS}{service.add_listener().id}/"
    before = service.stored()
    with requests.Session() as session:
        session.auth = ADMIN
        refused = session.request(method, service.server.url + path, data=form(big(TEN_MEGABYTES)), timeout=60)
        after = session.get(service.server.url + EVENTS, timeout=60)

    assert refused.status_code == 413
    document = refused.json()
    assert document["error"]["code"] == "PN0413"
    assert {"http_status": 413, "http_request_method": method, "exception": None}.items() <= document.items()
    assert after.status_code == 200
    assert before == service.stored()


@pytest.mark.parametrize("form", [bytes, chunks])
def test_the_v3_api_refuses_ten_megabytes_too(service: RestService, form: Any) -> None:
    """Its error document has one sentence."""
    sent = json.dumps({"event_type": "a.b", "payload": {"a": "x" * TEN_MEGABYTES}}).encode()

    refused = requests.post(f"{service.server.url}{OWN}events/", data=form(sent), auth=ADMIN, timeout=60)

    assert refused.status_code == 413
    assert {"detail": f"The request body is larger than the {LIMIT} bytes that this server accepts."} == refused.json()


@pytest.mark.parametrize("form", [bytes, chunks])
def test_a_body_of_exactly_the_limit_is_accepted(service: RestService, form: Any) -> None:
    """One byte more is refused."""
    url = service.server.url + EVENTS

    assert requests.post(url, data=form(big(LIMIT)), auth=ADMIN, timeout=60).status_code == 201
    assert requests.post(url, data=form(big(LIMIT + 1)), auth=ADMIN, timeout=60).status_code == 413


@pytest.mark.parametrize(
    ("method", "path", "login", "status"),
    [("POST", EVENTS, "ghost", 401), ("PATCH", EVENTS, "ghost", 405), ("POST", EVENTS.rstrip("/"), "admin", 301)],
)
def test_a_request_refused_before_its_body_is_read_gets_its_answer(
    service: RestService, method: str, path: str, login: str, status: int
) -> None:
    """The connection stays usable, however long the body is."""
    with requests.Session() as session:
        session.auth = (login, login)
        url = service.server.url + path
        refused = session.request(method, url, data=big(TEN_MEGABYTES), timeout=60, allow_redirects=False)
        after = session.get(f"{service.server.url}{OWN}status/", timeout=60)

    assert (status, 200) == (refused.status_code, after.status_code)


def test_expect_100_continue_with_a_body_too_large_is_answered_413_at_once(service: RestService) -> None:
    """The client need not send the body."""
    head = b"POST %b HTTP/1.1\r\n%bContent-Length: %d\r\nExpect: 100-continue\r\n\r\n"
    with socket.create_connection(("127.0.0.1", service.server.port), timeout=TIMEOUT_SECONDS) as connection:
        connection.sendall(head % (EVENTS.encode(), HEAD, TEN_MEGABYTES))

        answer = http.client.HTTPResponse(connection)
        answer.begin()
        refused = answer_of(answer)

    assert refused.status == 413
    assert refused.headers["connection"] == "close"


def test_expect_100_continue_with_an_allowed_body_is_answered_100(service: RestService) -> None:
    """curl sends this for bodies of more than a megabyte."""
    sent = big(LIMIT)
    head = b"POST %b HTTP/1.1\r\n%bContent-Length: %d\r\nExpect: 100-continue\r\n\r\n"
    with socket.create_connection(("127.0.0.1", service.server.port), timeout=TIMEOUT_SECONDS) as connection:
        connection.sendall(head % (EVENTS.encode(), HEAD, len(sent)))
        assert connection.recv(1024) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(sent)

        answer = http.client.HTTPResponse(connection)
        answer.begin()
        assert answer_of(answer).status == 201


def bytes_sent_until_closed(connection: socket.socket, at_most: int) -> int:
    """Send chunks until the other side closes; return how many bytes were sent."""
    chunk = b"10000\r\n" + b"x" * 65536 + b"\r\n"
    for sent in range(0, at_most, 65536):
        try:
            connection.sendall(chunk)
        except OSError:
            return sent
    return at_most


def test_an_endless_body_is_cut_off(service: RestService) -> None:
    """The connection is closed after a bounded number of bytes."""
    with socket.create_connection(("127.0.0.1", service.server.port), timeout=TIMEOUT_SECONDS) as connection:
        connection.sendall(b"POST %b HTTP/1.1\r\n%bTransfer-Encoding: chunked\r\n\r\n" % (EVENTS.encode(), HEAD))
        sent = bytes_sent_until_closed(connection, at_most=256 * 1024 * 1024)

    assert sent < 128 * 1024 * 1024
    assert service.stored()[0] == []


@pytest.mark.parametrize(
    "rest",
    [
        b"Content-Length: 100\r\n\r\n{",
        b"Transfer-Encoding: chunked\r\n\r\n5\r\n{",
        b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"Content-Length: -1\r\n\r\n",
        b"Content-Length: x\r\n\r\n",
        b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}",
        b"Bad Header: x\r\n\r\n",
    ],
)
def test_a_broken_request_changes_nothing(service: RestService, rest: bytes) -> None:
    """Some end too early, the others are not HTTP."""
    received = service.talk(b"POST %b HTTP/1.1\r\n%b%b" % (EVENTS.encode(), HEAD, rest))

    assert received == b"" or received.startswith(b"HTTP/1.1 400 ")
    assert service.stored()[0] == []
    assert service.request("GET", EVENTS).status == 200


def test_slow_bodies_do_not_delay_other_requests(service: RestService) -> None:
    """Bodies are read without a thread."""
    connections = []
    for _ in range(100):
        connection = socket.create_connection(("127.0.0.1", service.server.port), timeout=TIMEOUT_SECONDS)
        connection.sendall(b"POST %b HTTP/1.1\r\n%bContent-Length: 100\r\n\r\n{" % (EVENTS.encode(), HEAD))
        connections.append(connection)

    try:
        assert service.request("GET", EVENTS).status == 200
    finally:
        for connection in connections:
            connection.close()
