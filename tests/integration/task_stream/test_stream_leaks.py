"""The stream holds no more after thousands of messages and a hundred outages than before, here and on the server.

Every program counts in a process of its own, and names each descriptor.
"""

import json
from collections.abc import Iterator

import pytest

from tests.harness.rabbitmq import RabbitMQ
from tests.support.amqp import channel_of, connections
from tests.support.children import child
from tests.support.relay import Relay
from tests.support.waiting import wait_until

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


def numbers_in(rabbitmq: RabbitMQ, queue: str) -> list[int]:
    """Return the numbers of the reports in a queue."""
    found = []
    with channel_of(rabbitmq) as channel:
        while (body := channel.basic_get(queue, auto_ack=True)[2]) is not None:
            found.append(json.loads(body)["progress_report"]["number"])
    return found


def test_5000_messages_take_one_thread_and_one_connection(rabbitmq: RabbitMQ) -> None:
    """None is dropped either."""
    with child(STREAM, rabbitmq.url) as process:
        before = process.ask("begin", -1)

        after = process.ask("publish", 0, 5000)

        assert before["holdings"] == after["holdings"]
        assert (5000, before["dropped"]) == (after["published"] - before["published"], after["dropped"])
        wait_until(lambda: len(connections(rabbitmq)) == 1)


def test_connections_that_an_administrator_closes_are_replaced(rabbitmq: RabbitMQ, queue: str) -> None:
    """Each before the next message."""
    with child(STREAM, rabbitmq.url) as process:
        before = process.ask("begin", -1)

        for number in range(10):
            rabbitmq.close_connections("for maintenance")
            after = process.ask("publish", number, number + 1)

        assert before["holdings"] == after["holdings"]
        assert [*range(10)] == [number for number in numbers_in(rabbitmq, queue) if number >= 0]


def test_a_hundred_outages_leave_nothing_behind(rabbitmq: RabbitMQ, queue: str) -> None:
    """What was sent is what was published and what was dropped; what was published is what arrived.

    Of the reports during an outage, the last may arrive, unless the one that follows the outage replaces it.
    """
    with Relay(rabbitmq.port) as relay, child(STREAM, f"tcp://127.0.0.1:{relay.port}") as process:
        before = process.ask("begin", -1)
        for outage in range(OUTAGES):
            process.ask("publish", 20 * outage, 20 * outage + 10)
            relay.end()
            process.ask("report", 20 * outage + 10, 20 * outage + 20)
            relay.begin()
            after = process.ask("begin", -2 - outage)

        numbers = numbers_in(rabbitmq, queue)
        assert before["holdings"] == after["holdings"]
        assert after["sent"] == after["published"] + after["late"] + after["dropped"]
        assert len(numbers) == after["published"] + after["late"]
        assert [n for n in range(20 * OUTAGES) if n % 20 < 10] == [n for n in numbers if n >= 0 and n % 20 != 19]
        assert list(range(-1, -2 - OUTAGES, -1)) == [n for n in numbers if n < 0]
        wait_until(lambda: len(connections(rabbitmq)) == 1)


def test_closing_leaves_nothing_behind(rabbitmq: RabbitMQ) -> None:
    """Neither here nor on the server."""
    with child(STREAM, rabbitmq.url) as process:
        before = process.ask("holdings")
        process.ask("begin", -1)

        after = process.ask("close")

        assert before["holdings"] == after["holdings"]
        wait_until(lambda: not connections(rabbitmq))


def test_the_thread_starts_with_the_first_report() -> None:
    """Until then there is none."""
    with child(STREAM, "memory://") as process:
        before = process.ask("holdings")["holdings"]["threads"]

        after = process.ask("begin", -1)["holdings"]["threads"]

        assert ["MainThread"] == before
        assert ["MainThread", "pulp-notifiers-status"] == after


STREAM = """
import json
import logging
import sys
from dataclasses import asdict, replace

from pulp_notifiers.backoff import Backoff
from tests.support.holdings import holdings
from tests.support.patient import OPTIONS, accounted, patient_publisher, publish, reach
from tests.support.waiting import wait_until

logging.getLogger("pulp_notifiers").addHandler(logging.NullHandler())
publisher = patient_publisher(
    *sys.argv[1:], options=replace(OPTIONS, backoff=Backoff(0.02, 0.1))
)
sent = 0
for line in sys.stdin:
    match json.loads(line):
        case ["begin", number]:
            reach(publisher, number)
            sent += 1
        case ["publish", first, end]:
            for start in range(first, end, 500):
                publish(publisher, range(start, min(start + 500, end)))
            sent += end - first
        case ["report", first, end]:
            publish(publisher, range(first, end), flush=False)
            sent += end - first
            wait_until(lambda: accounted(publisher) == sent)
        case ["close"]:
            publisher.close()
        case ["holdings"]:
            pass
    print(json.dumps({"holdings": holdings(), "sent": sent, **asdict(publisher.counts)}), flush=True)
publisher.close()
"""
