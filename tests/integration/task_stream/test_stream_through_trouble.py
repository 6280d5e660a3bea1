"""A thousand tasks with 20 reports each, while RabbitMQ is in trouble: the end of each arrives, and is the last."""

import json
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace

import pytest

from pulp_notifiers.backoff import Backoff
from pulp_notifiers.task_stream import StatusPublisher
from tests.harness.rabbitmq import RabbitMQ
from tests.support.amqp import paused
from tests.support.patient import OPTIONS, SECONDS, accounted, patient_publisher
from tests.support.relay import Relay
from tests.support.stream import numbered
from tests.support.stream_inbox import StreamInbox, closing, levels
from tests.support.waiting import wait_until

TASKS, REPORTS = 1000, 20
QUICK = replace(OPTIONS, most_unconfirmed=100, slow_seconds=0.5, look_seconds=0.1, backoff=Backoff(0.05, 0.5))


def received_by_task(inbox: StreamInbox) -> dict[str, list[int]]:
    """Return the numbers of the reports of each task, in the order received."""
    found = defaultdict(list)
    for method, _, body in inbox.messages():
        found[method.routing_key].append(json.loads(body)["progress_report"]["number"])
    return found


def publish_all(publisher: StatusPublisher, numbers: range) -> None:
    """Publish these reports of each task."""
    for number in numbers:
        for task in range(TASKS):
            publisher.publish(numbered(number, f"t{task}", "finished" if number == REPORTS - 1 else "running"))


def assert_complete(publisher: StatusPublisher, inbox: StreamInbox, broke: bool = False) -> None:
    """Check that every task's end arrived, that nothing older follows anything, and that the counts are exact.

    :param broke: so messages in flight may have arrived twice, or been lost by the server after it confirmed them.
    """
    assert publisher.flush(SECONDS)
    counts, tasks = publisher.counts, received_by_task(inbox)
    assert TASKS == len(tasks)
    for numbers in tasks.values():
        assert sorted(numbers) == numbers
        assert REPORTS - 1 == numbers[-1]
    assert (TASKS * REPORTS, 0) == (accounted(publisher), counts.remembered)
    assert broke or sum(map(len, tasks.values())) == counts.published + counts.late


@contextmanager
def killed(rabbitmq: RabbitMQ) -> Iterator[None]:
    """Kill the server, and start it again at the end of a block."""
    rabbitmq.kill()
    try:
        yield
    finally:
        rabbitmq.start()


@pytest.mark.parametrize("trouble", [killed, paused])
def test_the_end_of_each_task_arrives_whatever_happens_to_the_server(
    trouble: Callable[[RabbitMQ], AbstractContextManager[None]], rabbitmq: RabbitMQ, inbox: StreamInbox
) -> None:
    """Also if its reports come before, during and after the trouble."""
    with closing(patient_publisher(rabbitmq.url, options=QUICK)) as publisher:
        publish_all(publisher, range(5))
        wait_until(lambda: publisher.counts.published)  # connecting to a server that is paused takes long to fail
        with trouble(rabbitmq):
            publish_all(publisher, range(5, 10))
            wait_until(lambda: publisher.health.outage_since is not None)
            publish_all(publisher, range(10, 15))
            assert TASKS == publisher.counts.remembered
        publish_all(publisher, range(15, REPORTS))

        assert_complete(publisher, inbox, broke=trouble is killed)


def test_the_end_of_each_task_arrives_if_reports_are_faster_than_confirms(
    rabbitmq: RabbitMQ, inbox: StreamInbox
) -> None:
    """The queue is full for most of the time."""
    few_at_once = replace(OPTIONS, most_reports=500, most_unconfirmed=50)
    with (
        Relay(rabbitmq.port, overhear=lambda _: threading.Event().wait(0.002)) as relay,  # each confirm takes a while
        closing(patient_publisher(f"tcp://127.0.0.1:{relay.port}", options=few_at_once)) as publisher,
    ):
        publish_all(publisher, range(REPORTS))

        assert_complete(publisher, inbox)
        assert publisher.counts.late >= TASKS - 500


def test_the_end_of_each_task_arrives_over_connections_that_break(rabbitmq: RabbitMQ, inbox: StreamInbox) -> None:
    """Each in the middle of its messages, some of which arrive twice."""
    with (
        Relay(rabbitmq.port) as relay,
        closing(patient_publisher(f"tcp://127.0.0.1:{relay.port}", options=QUICK)) as publisher,
    ):
        for number in range(REPORTS):
            publish_all(publisher, range(number, number + 1))
            relay.cut()

        assert_complete(publisher, inbox, broke=True)


def test_a_message_that_the_server_does_not_take_costs_no_other(
    rabbitmq: RabbitMQ, inbox: StreamInbox, caplog: pytest.LogCaptureFixture
) -> None:
    """The server closes the channel for it, also if it is sent again; those sent with it are sent one by one then."""
    rabbitmq.evaluate("application:set_env(rabbit, max_message_size, 100000)")
    try:
        with closing(patient_publisher(rabbitmq.url, options=QUICK)) as publisher:
            for number in range(9):
                publisher.publish(numbered(number, f"t{number}", "finished", 200_000 if number in {0, 3, 8} else 0))
            assert publisher.flush(SECONDS)
            publisher.publish(numbered(9, "t9"))
            assert publisher.flush(SECONDS)
    finally:
        rabbitmq.evaluate("application:set_env(rabbit, max_message_size, 134217728)")

    counts = publisher.counts
    assert (7, 3) == (counts.published + counts.late, counts.dropped)
    assert {f"tasks.t{number}": [number] for number in (1, 2, 4, 5, 6, 7, 9)} == {
        key: sorted(set(numbers)) for key, numbers in received_by_task(inbox).items()
    }
    assert ["WARNING"] == [level for level in levels(caplog) if level == "WARNING"]
