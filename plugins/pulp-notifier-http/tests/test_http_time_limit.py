"""No receiver holds a thread for longer than the time limit."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pulp_notifier_http import HttpNotifier

from pulp_notifiers.errors import TemporaryFailure
from pulp_notifiers.event import Event
from pulp_notifiers.testing.http import Answer, HttpReceiver
from pulp_notifiers.testing.plugins import LoadedNotifier

Send = Callable[..., None]


@pytest.fixture
def silent() -> Iterator[socket.socket]:
    """Return a listening socket whose connections nobody accepts, reads or answers."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening


def port(listening: socket.socket) -> int:
    """Return the port of a socket."""
    return int(listening.getsockname()[1])


def failure_of(send: Send, **config: object) -> TemporaryFailure:
    """Return the temporary failure of an attempt."""
    with pytest.raises(TemporaryFailure) as raised:
        send(**config)
    return raised.value


def test_a_silent_receiver_is_given_up_after_the_time_limit(impatient_send: Send) -> None:
    """The message names receiver and limit."""
    with HttpReceiver([Answer(until=threading.Event())]) as receiver:
        failure = failure_of(impatient_send, url=receiver.url)

    assert f"127.0.0.1:{receiver.port} did not answer within 0.4 s" in failure.reason


@pytest.mark.parametrize("secure", [False, True])
def test_a_trickling_receiver_is_given_up_after_the_time_limit(
    secure: bool, impatient_send: Send, certificates: Path
) -> None:
    """A byte now and then does not extend the limit."""
    certificate = certificates / "127.0.0.1.pem" if secure else None
    with HttpReceiver(
        [Answer(headers={"X-Long": "x" * 400}, trickle_seconds=0.2)], certificate=certificate
    ) as receiver:
        started = time.monotonic()
        failure = failure_of(impatient_send, url=receiver.url, ca_path=str(certificates / "ca.pem"))
        seconds = time.monotonic() - started

    assert "did not answer within 0.4 s" in failure.reason
    assert seconds < 30  # all of the answer takes 88 s


def test_an_answer_is_in_time_if_its_head_is(event: Event) -> None:
    """A body that never ends is cut off, and the event counts as delivered."""
    unfinished = Answer(headers={"Content-Length": "1000"}, body=b"the beginning")
    notifier = LoadedNotifier("http", HttpNotifier(timeout_seconds=4.0))
    with HttpReceiver([unfinished]) as receiver:
        for _ in range(2):
            notifier.send(event, notifier.parse({"url": receiver.url}), "", 1)
        notifier.close()

        assert [1, 2] == [request.connection for request in receiver.requests]


def test_a_receiver_that_does_not_read_is_given_up_after_the_time_limit(silent: socket.socket) -> None:
    """The body is larger than all buffers in between."""
    notifier = LoadedNotifier("http", HttpNotifier(timeout_seconds=0.4))
    large = Event("repo.sync.finish", {"repo_id": "zoo", "summary": "x" * 20_000_000})

    with pytest.raises(TemporaryFailure, match="did not answer within"):
        notifier.send(large, notifier.parse({"url": f"http://127.0.0.1:{port(silent)}/"}), "", 1)
    notifier.close()


def test_a_missing_tls_handshake_is_given_up_after_the_time_limit(silent: socket.socket, impatient_send: Send) -> None:
    """TLS is part of the exchange."""
    failure = failure_of(impatient_send, url=f"https://127.0.0.1:{port(silent)}/")

    assert "did not answer within 0.4 s" in failure.reason


def test_a_host_that_drops_packets_is_given_up_after_the_time_limit(impatient_send: Send) -> None:
    """The limit also applies while there is no connection."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        full_port = port(full)
        waiting = [socket.socket() for _ in range(3)]
        for client in waiting:
            client.setblocking(False)
            client.connect_ex(("127.0.0.1", full_port))
        failure = failure_of(impatient_send, url=f"http://127.0.0.1:{full_port}/")
        for client in waiting:
            client.close()

    assert f"no connection to 127.0.0.1:{full_port} within 0.4 s" in failure.reason


def test_endless_interim_answers_are_given_up_after_the_time_limit(impatient_send: Send) -> None:
    """The final answer must come within the same limit."""
    with HttpReceiver([Answer(raw=b"HTTP/1.1 103 Early Hints\r\n\r\n" * 10_000, trickle_seconds=0.001)]) as receiver:
        started = time.monotonic()
        failure_of(impatient_send, url=receiver.url)
        seconds = time.monotonic() - started

    assert seconds < 30  # all of them take 270 s
