"""A server that refuses, or that is no AMQP server at all, fails a message with a reason and in time."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from pulp_notifiers.broker import Publisher
from pulp_notifiers.errors import PermanentFailure
from tests.harness.rabbitmq import RabbitMQ
from tests.support.amqp import channel_of, has_settled
from tests.support.publishing import IN_TIME_SECONDS, MESSAGE, NO_ANSWER, failure, publisher_of
from tests.support.relay import already_down


def method_frame(payload: bytes) -> bytes:
    """Return an AMQP method frame on channel 0."""
    return b"\x01\0\0" + len(payload).to_bytes(4, "big") + payload + b"\xce"


@contextmanager
def speaking(greeting: bytes, again: bool = False) -> Iterator[int]:
    """Return the port of a server that sends the same bytes to its client, once or until the client hangs up."""

    def greet() -> None:
        connection, _ = server.accept()
        with connection, already_down():
            connection.recv(8)
            connection.sendall(greeting)
            connection.settimeout(0.05 if again else None)
            while True:
                try:
                    if not connection.recv(4096):
                        return
                except TimeoutError:
                    connection.sendall(greeting)

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=greet)
        thread.start()
        yield server.getsockname()[1]
        thread.join()


def test_a_silent_server_fails_the_message_after_the_timeout() -> None:
    """Something that never answers listens on that port."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"tcp://127.0.0.1:{silent.getsockname()[1]}"
        with publisher_of(url, timeout_seconds=0.3) as publisher:
            took, reason = failure(publisher, MESSAGE)

    assert took < IN_TIME_SECONDS
    assert NO_ANSWER.search(reason)


@pytest.mark.parametrize(
    ("greeting", "what"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "speaks HTTP on this port; write its port for AMQP 0-9-1 in the URL"),
        (b"220 mail ready\r\n", "does not speak AMQP 0-9-1"),
        (
            b"\x15\x03\x03\x00\x02\x02\x46",
            "expects TLS on this port; write ssl:// or amqps:// in the URL",
        ),
        (
            b"AMQP\x01\x01\x00\x0a",
            (
                "does not speak AMQP 0-9-1 but AMQP 0-10, as Qpid's C++ broker does; write qpid:// or qpids:// in the "
                "URL, to use its AMQP 1.0"
            ),
        ),
    ],
)
def test_a_server_of_another_protocol_is_named_as_such(greeting: bytes, what: str) -> None:
    """HTTP, SMTP, TLS, AMQP 0-10: as on a wrong port."""
    with speaking(greeting) as port, publisher_of(f"tcp://127.0.0.1:{port}") as publisher:
        took, reason = failure(publisher, MESSAGE)

    assert took < IN_TIME_SECONDS
    assert f"could not connect to messaging server amqp://127.0.0.1:{port}//: the server {what}" == reason


@pytest.mark.parametrize(
    "greeting",
    [method_frame(b""), method_frame(b"\0\x0a\0\x0a"), method_frame(b"\0\x0a\0\x0a\0\x09\0\0\0\0\xff\xff\xff\xff")],
)
def test_a_server_that_sends_broken_amqp_is_a_temporary_failure(greeting: bytes) -> None:
    """No connection stays open."""
    with speaking(greeting) as port, publisher_of(f"tcp://127.0.0.1:{port}") as publisher:
        failure(publisher, MESSAGE)


def test_heartbeats_alone_do_not_extend_the_timeout() -> None:
    """They are no answer."""
    heartbeats = b"\x08\0\0\0\0\0\0\xce"
    with (
        speaking(heartbeats, again=True) as port,
        publisher_of(f"tcp://127.0.0.1:{port}", timeout_seconds=0.5) as publisher,
    ):
        took, reason = failure(publisher, MESSAGE)

    assert took < IN_TIME_SECONDS
    assert NO_ANSWER.search(reason)


def test_a_full_queue_fails_the_message(publisher: Publisher, rabbitmq: RabbitMQ) -> None:
    """The connection stays open."""
    with channel_of(rabbitmq) as channel:
        arguments = {"x-max-length": 0, "x-overflow": "reject-publish"}
        queue = channel.queue_declare("", exclusive=True, arguments=arguments).method.queue
        channel.queue_bind(queue, "amq.topic", "full")

        _, reason = failure(publisher, replace(MESSAGE, routing_key="full"))

    publisher.publish(MESSAGE)
    assert "could not publish message: the messaging server refused it" == reason
    assert has_settled(rabbitmq, "1")


def test_a_refused_login_is_a_temporary_failure(rabbitmq: RabbitMQ) -> None:
    """An administrator may correct it on the server; the reason does not repeat the password."""
    with publisher_of(f"tcp://guest:hidden@127.0.0.1:{rabbitmq.port}") as publisher:
        _, reason = failure(publisher, MESSAGE)

    assert "ACCESS_REFUSED" in reason
    assert "hidden" not in reason


def test_a_missing_vhost_is_a_temporary_failure(rabbitmq: RabbitMQ) -> None:
    """An administrator may create it."""
    with publisher_of(f"tcp://127.0.0.1:{rabbitmq.port}/missing") as publisher:
        _, reason = failure(publisher, MESSAGE)

    assert "vhost missing not found" in reason


def test_a_transport_whose_library_is_not_installed_is_a_permanent_failure() -> None:
    """The reason names the library."""
    with publisher_of("mongodb://localhost") as publisher, pytest.raises(PermanentFailure) as raised:
        publisher.publish(MESSAGE)

    assert raised.value.reason.startswith("could not connect to messaging server mongodb://localhost: ")
