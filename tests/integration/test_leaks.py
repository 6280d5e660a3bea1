"""What the process and the messaging server have more, after thousands of messages and a hundred outages: nothing.

Every program counts in a process of its own, and says of each descriptor what it is.
"""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pika
import pytest

from tests.harness.rabbitmq import RabbitMQ
from tests.support.children import child, told_by
from tests.support.relay import Relay

OUTAGES = 100


@pytest.fixture
def queue(rabbitmq: RabbitMQ, request: pytest.FixtureRequest) -> Iterator[str]:
    """Return the name of a queue that gets the whole stream."""
    name: str = request.node.name
    with channel_of(rabbitmq) as channel:
        channel.exchange_declare("pulp.api.v2", "topic", durable=True)
        channel.queue_declare(name, durable=True)
        channel.queue_bind(name, "pulp.api.v2", "tasks.#")
    yield name
    with channel_of(rabbitmq) as channel:
        channel.queue_delete(name)


@contextmanager
def channel_of(rabbitmq: RabbitMQ) -> Iterator[Any]:
    connection = pika.BlockingConnection(pika.ConnectionParameters("127.0.0.1", rabbitmq.port, socket_timeout=60))
    try:
        yield connection.channel()
    finally:
        connection.close()


def numbers_in(rabbitmq: RabbitMQ, queue: str) -> list[int]:
    """Return what the reports in a queue were told apart by."""
    found = []
    with channel_of(rabbitmq) as channel:
        while (body := channel.basic_get(queue, auto_ack=True)[2]) is not None:
            found.append(json.loads(body)["progress_report"]["number"])
    return found


def connections(rabbitmq: RabbitMQ) -> int:
    """Return how many connections of ours the server has."""
    return rabbitmq.control("list_connections", "client_properties").count('"pulp-notifiers"')


def eventually(claim: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not claim():
        assert time.monotonic() < deadline, "it never became true"
        threading.Event().wait(0.02)


class TestTheStream:
    """Has one thread and one connection."""

    def test_keeps_to_them_over_5000_messages(self, rabbitmq: RabbitMQ) -> None:
        """Nothing is dropped either."""
        with child(STREAM, rabbitmq.url) as process:
            before = process.ask("begin", -1)

            after = process.ask("publish", 0, 5000)

            assert before["holdings"] == after["holdings"]
            assert (5000, before["dropped"]) == (after["published"] - before["published"], after["dropped"])
            eventually(lambda: connections(rabbitmq) == 1)

    def test_keeps_to_them_over_connections_that_an_administrator_closes(self, rabbitmq: RabbitMQ, queue: str) -> None:
        """Each is replaced before the next message."""
        with child(STREAM, rabbitmq.url) as process:
            before = process.ask("begin", -1)

            for number in range(10):
                rabbitmq.control("close_all_connections", "--vhost", "/", "for maintenance")
                after = process.ask("publish", number, number + 1)

            assert before["holdings"] == after["holdings"]
            assert [*range(10)] == [number for number in numbers_in(rabbitmq, queue) if number >= 0]

    def test_keeps_to_them_over_a_hundred_outages(self, rabbitmq: RabbitMQ, queue: str) -> None:
        """What was sent is what was published and what was dropped; what was published is what arrived."""
        with Relay(rabbitmq.port) as relay, child(STREAM, f"tcp://127.0.0.1:{relay.port}") as process:
            before = process.ask("begin", -1)
            for outage in range(OUTAGES):
                process.ask("publish", 20 * outage, 20 * outage + 10)
                relay.end()
                process.ask("publish", 20 * outage + 10, 20 * outage + 20)
                relay.begin()
                after = process.ask("begin", -2 - outage)

            numbers = numbers_in(rabbitmq, queue)
            assert before["holdings"] == after["holdings"]
            assert after["sent"] == after["published"] + after["dropped"]
            assert len(numbers) == after["published"]
            assert [n for n in range(20 * OUTAGES) if n % 20 < 10] == [n for n in numbers if n >= 0]
            assert list(range(-1, -2 - OUTAGES, -1)) == [n for n in numbers if n < 0]
            eventually(lambda: connections(rabbitmq) == 1)

    def test_leaves_nothing_behind_when_it_closes(self, rabbitmq: RabbitMQ) -> None:
        """Neither here nor there."""
        with child(STREAM, rabbitmq.url) as process:
            before = process.ask("holdings")
            process.ask("begin", -1)

            after = process.ask("close")

            assert before["holdings"] == after["holdings"]
            eventually(lambda: connections(rabbitmq) == 0)

    def test_costs_no_thread_until_it_is_used(self) -> None:
        """And one afterwards."""
        with child(STREAM, "memory://") as process:
            before = process.ask("holdings")["holdings"]["threads"]

            after = process.ask("begin", -1)["holdings"]["threads"]

            assert ["MainThread"] == before
            assert ["MainThread", "pulp-notifiers-status"] == after


class TestAPublisher:
    """Has one connection."""

    def test_keeps_to_it_over_500_messages(self, rabbitmq: RabbitMQ) -> None:
        """No descriptor comes with them."""
        before, after = told_by(PREAMBLE + MANY, rabbitmq.url)

        assert before == after

    def test_that_cannot_connect_has_none(self, rabbitmq: RabbitMQ) -> None:
        """However often it tries: nobody listens, the password is wrong, there is no such vhost, no TLS."""
        before, after = told_by(
            PREAMBLE + FAILING,
            "tcp://127.0.0.1:1",
            f"tcp://guest:wrong@127.0.0.1:{rabbitmq.port}",
            f"tcp://127.0.0.1:{rabbitmq.port}/missing",
            f"ssl://127.0.0.1:{rabbitmq.port}",
        )

        assert before == after

    def test_in_another_process_closes_what_it_inherited(self, rabbitmq: RabbitMQ) -> None:
        """And has one of its own then."""
        before, after = told_by(PREAMBLE + INHERITING, rabbitmq.url)

        assert before == after

    @pytest.mark.parametrize("where", ["there", "memory://"])
    def test_leaves_a_link_that_is_down_alone(self, where: str, rabbitmq: RabbitMQ) -> None:
        """It is not brought up again just to be closed; where there are no sockets there is nothing to close."""
        before, after = told_by(PREAMBLE + DOWN, rabbitmq.url if where == "there" else where)

        assert before == after


STREAM = """
import json
import logging
import sys
from dataclasses import asdict, replace

from pulp_notifiers.backoff import Backoff
from tests.support.holdings import holdings
from tests.support.patient import OPTIONS, patient_publisher, publish, reach

logging.getLogger("pulp_notifiers").addHandler(logging.NullHandler())
publisher = patient_publisher(
    *sys.argv[1:], options=replace(OPTIONS, backoff=Backoff(0.02, 0.1))
)
sent = 0
for line in sys.stdin:
    match json.loads(line):
        case ["begin", number]:
            sent += reach(publisher, number)
        case ["publish", first, end]:
            for start in range(first, end, 500):
                publish(publisher, range(start, min(start + 500, end)))
            sent += end - first
        case ["close"]:
            publisher.close()
        case ["holdings"]:
            pass
    print(json.dumps({"holdings": holdings(), "sent": sent, **asdict(publisher.counts)}), flush=True)
publisher.close()
"""

PREAMBLE = """
import json
import sys
from dataclasses import replace

from pulp_notifiers.broker import AmqpMessage, Broker, Deadline, Publisher, PublishLink, broker_urls
from pulp_notifiers.errors import TemporaryFailure
from tests.support.holdings import holdings

broker = Broker(broker_urls(";".join(sys.argv[1:])), connect_seconds=60)
message = AmqpMessage("test-leaks", "key", b"{}")
"""

MANY = """
publisher = Publisher(broker, timeout_seconds=60)
publisher.publish(message)
before = holdings()
for number in range(500):
    publisher.publish(replace(message, body=str(number).encode()))
print(json.dumps([before, holdings()]))
publisher.close()
"""

FAILING = """
publisher = Publisher(broker, timeout_seconds=60)
before = holdings()
for _ in range(5):
    try:
        publisher.publish(message)
    except TemporaryFailure:
        continue
    raise SystemExit("it could connect")
print(json.dumps([before, holdings()]))
publisher.close()
"""

INHERITING = """
process_ids = iter([1, 2, 2, 2])
publisher = Publisher(broker, timeout_seconds=60, process_id=lambda: next(process_ids))
publisher.publish(message)
before = holdings()
publisher.publish(message)
publisher.publish(message)
print(json.dumps([before, holdings()]))
publisher.close()
"""

DOWN = """
link = PublishLink(broker.connect(Deadline(60)))
link.discard()
before = holdings()
link.abandon()
print(json.dumps([before, holdings()]))
"""
