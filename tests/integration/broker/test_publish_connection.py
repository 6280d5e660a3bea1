"""A process publishes over one connection, which is replaced when it breaks."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import kombu
import pytest

from pulp_notifiers.broker import Broker, Deadline, Publisher
from tests.harness.rabbitmq import RabbitMQ
from tests.support.amqp import Inbox, has_settled
from tests.support.publishing import MESSAGE, publisher_of
from tests.support.relay import Relay


def test_many_messages_use_one_connection(publisher: Publisher, rabbitmq: RabbitMQ, exchange: str) -> None:
    """It has one channel for messages and one for questions about exchanges."""
    publisher.publish(replace(MESSAGE, exchange=exchange))

    for number in range(500):
        publisher.publish(replace(MESSAGE, exchange=exchange, body=str(number).encode()))

    assert has_settled(rabbitmq, "2")


def test_threads_share_the_connection(publisher: Publisher, rabbitmq: RabbitMQ, inbox: Inbox) -> None:
    """Nothing is lost or mixed up, and the messages of each thread keep their order."""

    def publish(thread: int) -> None:
        for number in range(50):
            publisher.publish(replace(MESSAGE, body=f"{thread} {number}".encode()))

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(publish, range(8)))

    arrived = [body.decode().split() for body in inbox.bodies()]
    assert {str(thread): [str(number) for number in range(50)] for thread in range(8)} == {
        str(thread): [number for sender, number in arrived if sender == str(thread)] for thread in range(8)
    }
    assert has_settled(rabbitmq, "1")


def test_closing_disconnects_cleanly(publisher: Publisher, rabbitmq: RabbitMQ, inbox: Inbox) -> None:
    """The next message opens another connection."""
    publisher.publish(MESSAGE)

    publisher.close()
    publisher.close()

    assert has_settled(rabbitmq)
    publisher.publish(MESSAGE)
    assert 2 == len(inbox.bodies())


def test_a_connection_that_the_server_closed_is_replaced_within_the_same_message(
    publisher: Publisher, rabbitmq: RabbitMQ
) -> None:
    """As after a long idle time."""
    publisher.publish(MESSAGE)
    rabbitmq.close_connections("idle for too long")

    publisher.publish(MESSAGE)

    assert has_settled(rabbitmq, "1")


def test_a_connection_that_was_cut_is_replaced_within_the_same_message(rabbitmq: RabbitMQ, inbox: Inbox) -> None:
    """As by a router that restarts."""
    with Relay(rabbitmq.port) as relay, publisher_of(f"tcp://127.0.0.1:{relay.port}") as publisher:
        publisher.publish(MESSAGE)
        relay.cut()

        publisher.publish(MESSAGE)

    assert 2 == len(inbox.bodies())


def test_the_connection_of_another_process_is_left_alone(rabbitmq: RabbitMQ, inbox: Inbox) -> None:
    """Nothing is sent on it."""
    process_ids = iter([1, 2, 2, 2])
    publisher = Publisher(Broker([rabbitmq.url]), process_id=lambda: next(process_ids))
    publisher.publish(MESSAGE)

    publisher.publish(MESSAGE)
    publisher.publish(MESSAGE)

    assert 3 == len(inbox.bodies())
    publisher.close()


def test_a_process_without_a_connection_may_fork() -> None:
    """The child has nothing to inherit then."""
    process_ids = iter([1, 2])
    publisher = Publisher(Broker([]), process_id=lambda: next(process_ids))

    publisher.close()
    publisher.close()


def test_an_open_connection_can_be_consumed_from(rabbitmq: RabbitMQ, publisher: Publisher) -> None:
    """Once it is open, its waits take as long as the consumer says."""
    with Broker([rabbitmq.url]).connect(Deadline(60)) as connection:
        queue = kombu.Queue("", kombu.Exchange("amq.topic", "topic"), "#", exclusive=True)
        received: list[Any] = []
        with kombu.Consumer(connection, [queue], on_message=received.append, no_ack=True):
            with pytest.raises(TimeoutError):
                connection.drain_events(timeout=0.01)
            publisher.publish(MESSAGE)
            connection.drain_events()

    assert [MESSAGE.body] == [bytes(message.body) for message in received]


def test_nothing_is_waited_for_after_the_deadline(rabbitmq: RabbitMQ) -> None:
    """Not even a frame that has arrived already."""
    with Broker([rabbitmq.url]).connect(Deadline(60)) as connection:
        connection.connection.keep_to(Deadline(0))

        with pytest.raises(TimeoutError):
            connection.drain_events()


def test_a_forked_child_opens_a_connection_of_its_own(rabbitmq: RabbitMQ, inbox: Inbox) -> None:
    """It sends nothing on the parent's."""
    run = subprocess.run(
        [sys.executable, "-X", "dev", "-W", "error", "-c", FORKING, rabbitmq.url],
        check=False,
        capture_output=True,
        text=True,
        timeout=300,
    )

    assert (0, "") == (run.returncode, run.stderr)
    assert [b"parent", b"child", b"child", b"parent"] == inbox.bodies()
    assert "done\n" == run.stdout


FORKING = """
import os
import sys
from dataclasses import replace
from pathlib import Path
from pulp_notifiers.broker import AmqpMessage, Broker, Publisher

publisher = Publisher(Broker([sys.argv[1]]))
message = AmqpMessage("amq.topic", "key", b"parent")

def sockets():
    descriptors = [entry for entry in Path("/proc/self/fd").iterdir() if entry.is_symlink()]
    return {name for entry in descriptors if (name := os.readlink(entry)).startswith("socket:")}

publisher.publish(message)
mine = sockets()
child = os.fork()
if child == 0:
    inherited = sockets()
    publisher.publish(replace(message, body=b"child"))
    publisher.publish(replace(message, body=b"child"))
    own = sockets()
    assert inherited == mine and len(own) == 1 and not own & mine, (inherited, own)
    publisher.close()
    assert not sockets()
    sys.exit(0)
assert os.waitpid(child, 0)[1] == 0
publisher.publish(message)
assert sockets() == mine
publisher.close()
print("done")
"""
