"""Publishing while the messaging server is healthy."""

from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from pulp_notifiers.task_stream import Counts
from pulp_notifiers.task_stream.document import message
from tests.support.stream import REPORT, report


class Lazy:
    """A value that is loaded when it is shown, which may fail in any way."""

    def __init__(self, failure):
        self.failure = failure

    def __repr__(self):
        raise self.failure


def test_reports_are_published_in_order(publisher, server):
    """Over many batches, on one connection."""
    reports = [report(number) for number in range(1000)]

    for one in reports:
        publisher.publish(one)
    assert publisher.flush(60)

    assert [message(one) for one in reports] == server.received
    assert Counts(published=1000) == publisher.counts
    assert 1 == len(server.links)


def test_reports_of_one_thread_stay_in_order_among_those_of_others(publisher, server):
    """None is lost either."""

    def work(task):
        for number in range(300):
            publisher.publish(report(number, task_id=f"{task}"))

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(work, range(8)))
    assert publisher.flush(60)

    received = defaultdict(list)
    for one in server.received:
        received[one.routing_key].append(one.body)
    assert 8 == len(received)
    for key, bodies in received.items():
        assert [message(report(n, task_id=key.removeprefix("tasks."))).body for n in range(300)] == bodies


def test_publishing_continues_after_a_pause(publisher, server):
    """The thread sleeps while there is nothing to do, and is woken."""
    for number in range(5):
        publisher.publish(report(number))
        assert publisher.flush(60)

    assert 5 == len(server.received)


def test_closing_publishes_the_queue(publisher, server):
    """So a short script loses nothing."""
    for number in range(300):
        publisher.publish(report(number))

    publisher.close(60)

    assert 300 == len(server.received)
    assert server.links[0].closed


def test_reports_after_closing_are_dropped(publisher, server):
    """Closing twice is harmless."""
    publisher.close()
    publisher.publish(REPORT)
    publisher.close()

    assert publisher.flush(60)
    assert Counts(dropped=1) == publisher.counts
    assert [] == server.received


@pytest.mark.parametrize(
    "bad",
    [
        replace(REPORT, result=object()),
        replace(REPORT, result=float("nan")),
        replace(REPORT, task_id="x" * 300),
        replace(REPORT, task_id="\ud800"),
        replace(REPORT, start_time="yesterday"),
        None,
        replace(REPORT, result=Lazy(FileNotFoundError)),
        replace(REPORT, result=Lazy(SystemExit)),
    ],
)
def test_a_report_without_a_json_form_is_skipped_and_counted(bad, publisher, server, caplog):
    """Whatever is wrong with it; the next one is published."""
    publisher.publish(bad)
    publisher.publish(REPORT)
    assert publisher.flush(60)

    assert Counts(published=1, unrenderable=1) == publisher.counts
    assert ["unable to convert document to JSON; event message not sent"] == caplog.messages
    assert [message(REPORT)] == server.received


def test_a_report_nested_too_deeply_does_not_end_the_thread(publisher):
    """It is counted like any other without a JSON form."""
    deep = []
    for _ in range(100_000):
        deep = [deep]

    publisher.publish(replace(REPORT, result=deep))
    assert publisher.flush(60)

    assert 1 == publisher.counts.unrenderable


def test_a_forked_child_starts_with_its_own_queue_thread_and_connection(publisher, server):
    """The parent's connection is left to the parent."""
    publisher.publish(report(1))
    assert publisher.flush(60)

    publisher.restart_after_fork()
    publisher.publish(report(2))
    assert publisher.flush(60)

    assert server.links[0].abandoned
    assert Counts(published=1) == publisher.counts
    assert [message(report(1)), message(report(2))] == server.received


def test_a_process_without_a_connection_may_fork_too(publisher, server):
    """There is nothing to leave to the parent then."""
    publisher.restart_after_fork()
    publisher.publish(REPORT)

    assert publisher.flush(60)
