"""A server that is away, frozen or short of memory fails a message in time, and is used again when it is back."""

import socket
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from pulp_notifiers.broker import Publisher
from pulp_notifiers.errors import TemporaryFailure
from tests.harness.rabbitmq import RabbitMQ
from tests.support.amqp import Inbox, exists, paused, short_of_memory
from tests.support.publishing import IN_TIME_SECONDS, MESSAGE, NO_ANSWER, PATIENT_SECONDS, failure, publisher_of


def test_a_restarted_server_is_reconnected_within_the_same_message(
    publisher: Publisher, rabbitmq: RabbitMQ, exchange: str
) -> None:
    """Its exchange, which was not durable, is created again too."""
    publisher.publish(replace(MESSAGE, exchange=exchange))
    rabbitmq.restart()

    publisher.publish(replace(MESSAGE, exchange=exchange))

    assert exists(rabbitmq, exchange)


def test_a_killed_server_fails_the_message_at_once(publisher: Publisher, rabbitmq: RabbitMQ) -> None:
    """It is connected to again when it is back."""
    publisher.publish(MESSAGE)
    rabbitmq.kill()

    began = time.monotonic()
    with pytest.raises(TemporaryFailure) as raised:
        publisher.publish(MESSAGE)
    took = time.monotonic() - began

    rabbitmq.start()
    publisher.publish(MESSAGE)
    assert (
        f"could not connect to messaging server amqp://127.0.0.1:{rabbitmq.port}//: "
        "[Errno 111] Connection refused" == raised.value.reason
    )
    assert took < IN_TIME_SECONDS


def test_a_frozen_server_fails_the_message_after_the_timeout(rabbitmq: RabbitMQ, inbox: Inbox) -> None:
    """The connection is dropped, so that a late answer is not taken for another message's, and is replaced."""
    with publisher_of(rabbitmq.url, timeout_seconds=PATIENT_SECONDS) as publisher:
        publisher.publish(MESSAGE)
        with paused(rabbitmq):
            took, reason = failure(publisher, MESSAGE)
            _, next_reason = failure(publisher, MESSAGE)

        publisher.publish(replace(MESSAGE, body=b"awake"))

    assert PATIENT_SECONDS / 2 < took < IN_TIME_SECONDS
    assert "could not publish message: no answer within 4 s" == reason
    assert "could not connect to messaging server " in next_reason
    assert NO_ANSWER.search(next_reason)
    assert b"awake" == inbox.bodies()[-1]


def test_a_frozen_server_holds_up_other_threads_for_half_of_the_timeout(rabbitmq: RabbitMQ) -> None:
    """They wait that long for the connection, then give up."""
    with publisher_of(rabbitmq.url, timeout_seconds=PATIENT_SECONDS) as publisher:
        publisher.publish(MESSAGE)
        with paused(rabbitmq), ThreadPoolExecutor(4) as threads:
            failures = list(threads.map(lambda _: failure(publisher, MESSAGE), range(4)))

    assert all(took < IN_TIME_SECONDS for took, _ in failures)
    assert "could not publish message: earlier messages still wait for the messaging server" in [
        reason for _, reason in failures
    ]


def test_a_server_short_of_memory_fails_the_message_at_once(
    publisher: Publisher, rabbitmq: RabbitMQ, inbox: Inbox
) -> None:
    """It announces that itself, so there is no reason to wait."""
    publisher.publish(MESSAGE)
    with short_of_memory(rabbitmq):
        took, reason = failure(publisher, MESSAGE)

    publisher.publish(replace(MESSAGE, body=b"relieved"))
    assert took < IN_TIME_SECONDS
    assert reason.endswith("the messaging server accepts none, because it is short of memory or disk space")
    assert b"relieved" == inbox.bodies()[-1]


def test_the_next_server_in_the_setting_replaces_one_that_is_away(rabbitmq: RabbitMQ, inbox: Inbox) -> None:
    """Fail-over, which Pulp 2 parsed and never did."""
    with publisher_of("tcp://127.0.0.1:1", rabbitmq.url) as publisher:
        publisher.publish(MESSAGE)

    assert [MESSAGE.body] == inbox.bodies()


def test_the_failure_names_every_server_that_is_away() -> None:
    """Also those for which no time was left."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        urls = ["tcp://127.0.0.1:1", f"tcp://127.0.0.1:{port}", "tcp://127.0.0.1:2"]
        with publisher_of(*urls, timeout_seconds=0.3) as publisher:
            _, reason = failure(publisher, MESSAGE)

    refused, silence, untried = reason.split("; ")
    assert "could not connect to messaging server amqp://127.0.0.1:1//: [Errno 111] Connection refused" == refused
    assert silence.startswith(f"amqp://127.0.0.1:{port}//: ")
    assert NO_ANSWER.search(silence)
    assert "amqp://127.0.0.1:2//: no time was left to try it" == untried
