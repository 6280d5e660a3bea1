"""The receiver that plugin authors test HTTP notifiers with."""

import http.client
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from pulp_notifiers.testing.http import Answer, HttpReceiver, ReceivedRequest


def connect(receiver: HttpReceiver) -> http.client.HTTPConnection:
    """Return a connection that its first request opens."""
    return http.client.HTTPConnection("127.0.0.1", receiver.port, timeout=60)


def ask(connection: http.client.HTTPConnection, path: str = "/", body: bytes = b"") -> http.client.HTTPResponse:
    """Send a POST, and return the answer after reading it."""
    connection.request("POST", path, body)
    response = connection.getresponse()
    response.read()
    return response


@pytest.fixture
def receiver() -> Iterator[HttpReceiver]:
    """Yield a receiver that answers 200."""
    with HttpReceiver() as running:
        yield running


def test_a_request_is_kept_as_it_was_sent(receiver: HttpReceiver) -> None:
    """Method, path with query, headers and body are kept."""
    connection = connect(receiver)
    connection.request("PUT", "/a%2fb?x=1", b'{"y": 2}', {"X-Colour": "red"})
    status = connection.getresponse().status
    connection.close()

    (request,) = receiver.requests
    assert 200 == status
    assert ("PUT", "/a%2fb?x=1", {"y": 2}) == (request.method, request.path, request.json())
    assert "red" == request.headers["x-colour"]


def test_answers_are_used_in_order_and_then_200() -> None:
    """A number means a plain answer."""
    with HttpReceiver([500, Answer(201, {"X-Colour": "red"}, b"made"), Answer(599)]) as receiver:
        connection = connect(receiver)
        answers = [ask(connection) for _ in range(4)]
        connection.close()

    assert [500, 201, 599, 200] == [answer.status for answer in answers]
    assert "red" == answers[1].headers["X-Colour"]


def test_a_function_may_choose_the_answer() -> None:
    """It gets the request."""
    with HttpReceiver(lambda request: 404 if request.path == "/gone" else 204) as receiver:
        connection = connect(receiver)
        statuses = [ask(connection, path).status for path in ("/gone", "/here")]
        connection.close()

    assert [404, 204] == statuses


def test_connections_are_numbered(receiver: HttpReceiver) -> None:
    """A test can see which requests shared a connection."""
    first, second = connect(receiver), connect(receiver)
    for connection in (first, first, second):
        ask(connection)
    first.close()
    second.close()

    assert [1, 1, 2] == [request.connection for request in receiver.requests]
    assert 2 == receiver.connections
    receiver.wait_until_closed()


def test_waiting_ends_when_enough_requests_arrived(receiver: HttpReceiver) -> None:
    """They are returned in order."""
    connection = connect(receiver)
    thread = threading.Thread(target=ask, args=(connection, "/late"))
    thread.start()
    (request,) = receiver.wait_for(1)
    thread.join()
    connection.close()

    assert "/late" == request.path


def test_a_timeout_says_how_many_requests_arrived(receiver: HttpReceiver) -> None:
    """A failing test shows why it fails."""
    with pytest.raises(TimeoutError, match="0 of 1 requests arrived"):
        receiver.wait_for(1, timeout_seconds=0.01)


def test_a_timeout_says_how_many_connections_are_open(receiver: HttpReceiver) -> None:
    """Idle connections count."""
    connection = connect(receiver)
    ask(connection)

    with pytest.raises(TimeoutError, match="1 connections are still open"):
        receiver.wait_until_closed(timeout_seconds=0.01)
    connection.close()


def test_an_answer_can_be_held_back() -> None:
    """It is sent when the test sets the event."""
    go = threading.Event()
    with HttpReceiver([Answer(204, until=go)]) as receiver:
        connection = connect(receiver)
        connection.request("GET", "/")
        receiver.wait_for(1)
        go.set()
        status = connection.getresponse().status
        connection.close()

    assert 204 == status


def test_leaving_the_block_does_not_wait_for_answers_held_back() -> None:
    """The connection is cut, as by a receiver that goes down."""
    with HttpReceiver([Answer(until=threading.Event())]) as receiver:
        connection = connect(receiver)
        connection.request("GET", "/")
        receiver.wait_for(1)

    with pytest.raises(ConnectionError):
        connection.getresponse()
    connection.close()


def test_a_connection_can_be_dropped() -> None:
    """There is no answer, but the request is kept."""
    with HttpReceiver([Answer(drop=True)]) as receiver:
        connection = connect(receiver)
        with pytest.raises(http.client.RemoteDisconnected):
            ask(connection)
        connection.close()

        assert 1 == len(receiver.requests)


def test_a_connection_can_be_closed_after_the_answer() -> None:
    """The answer does not announce it."""
    with HttpReceiver([Answer(close=True)]) as receiver:
        connection = connect(receiver)
        answer = ask(connection)
        receiver.wait_until_closed()
        connection.close()

    assert answer.headers["Connection"] is None


def test_an_answer_can_be_any_bytes() -> None:
    """They need not be HTTP."""
    with HttpReceiver([Answer(raw=b"hello\n")]) as receiver:
        connection = connect(receiver)
        with pytest.raises(http.client.BadStatusLine):
            ask(connection)
        connection.close()


def test_an_answer_can_trickle() -> None:
    """All of it arrives, byte by byte."""
    with HttpReceiver([Answer(204, trickle_seconds=0.0001)]) as receiver:
        connection = connect(receiver)
        status = ask(connection).status
        connection.close()

    assert 204 == status


def test_leaving_the_block_ends_a_trickle() -> None:
    """It does not matter how much is left."""
    with HttpReceiver([Answer(trickle_seconds=60)]) as receiver:
        connection = connect(receiver)
        connection.request("GET", "/")
        receiver.wait_for(1)

    with pytest.raises(http.client.HTTPException):
        connection.getresponse()
    connection.close()


def test_a_chunked_body_is_joined(receiver: HttpReceiver) -> None:
    """The next request on the connection is read from its beginning."""
    connection = connect(receiver)
    connection.request("POST", "/", iter([b"a", b"bc"]))
    connection.getresponse().read()
    ask(connection, body=b"d")
    connection.close()

    assert [b"abc", b"d"] == [request.body for request in receiver.requests]
    assert 1 == receiver.connections


def test_an_error_of_the_function_is_raised_at_the_end_of_the_block() -> None:
    """A mistake in a test does not stay hidden in a thread."""

    def mistaken(request: ReceivedRequest) -> int:
        raise LookupError(request.path)

    def use() -> None:
        with HttpReceiver(mistaken) as receiver:
            connection = connect(receiver)
            with pytest.raises(ConnectionError):
                ask(connection, "/x")
            connection.close()
            receiver.wait_until_closed()

    with pytest.raises(LookupError, match="/x"):
        use()


def test_https_is_served_with_a_certificate(tmp_path: Path) -> None:
    """Chain and key may be in two files."""
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    certificate.cert_chain_pems[0].write_to_path(str(tmp_path / "chain.pem"))
    certificate.private_key_pem.write_to_path(str(tmp_path / "key.pem"))
    context = ssl.create_default_context()
    authority.configure_trust(context)

    with HttpReceiver(certificate=tmp_path / "chain.pem", key=tmp_path / "key.pem") as receiver:
        connection = http.client.HTTPSConnection("127.0.0.1", receiver.port, context=context, timeout=60)
        status = ask(connection).status
        connection.close()

    assert 200 == status
    assert receiver.url.startswith("https://127.0.0.1:")


def test_a_silent_client_blocks_neither_others_nor_the_end_of_the_block(tmp_path: Path) -> None:
    """Its TLS handshake never begins."""
    authority = trustme.CA()
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(tmp_path / "both.pem"))
    context = ssl.create_default_context()
    authority.configure_trust(context)

    with (
        HttpReceiver(certificate=tmp_path / "both.pem") as receiver,
        socket.create_connection(("127.0.0.1", receiver.port), timeout=60),
    ):
        connection = http.client.HTTPSConnection("127.0.0.1", receiver.port, context=context, timeout=60)
        assert 200 == ask(connection).status
        connection.close()
        receiver.close()
