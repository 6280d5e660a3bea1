"""The parts of the stream one by one: tally, reconnect, queue and lazy thread."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from queue import Empty

import pytest

from pulp_notifiers.backoff import Backoff
from pulp_notifiers.task_stream import Counts
from pulp_notifiers.task_stream.last_states import LastStates
from pulp_notifiers.task_stream.lazy_thread import LazyThread
from pulp_notifiers.task_stream.reconnect import Reconnect
from pulp_notifiers.task_stream.report_queue import ReportQueue
from pulp_notifiers.task_stream.tally import Tally
from tests.support.stream import REPORT, numbered
from tests.support.waiting import wait_until


def test_a_tally_counts_across_threads():
    """Reading it changes nothing."""
    tally = Tally()

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda _: [tally.add() or tally.value() for _ in range(1000)], range(4)))

    assert 4000 == tally.value() == tally.value()


def test_a_connection_that_worked_is_replaced_at_once():
    """A message was confirmed over it."""
    reconnect = Reconnect(Backoff())
    reconnect.opened()
    reconnect.confirmed()

    assert not reconnect.broke(in_outage=False)
    assert 0.0 == reconnect.delay_seconds()


def test_waits_grow_until_a_message_is_confirmed():
    """A connection that opens and then breaks is no success: the next wait is longer."""
    reconnect = Reconnect(Backoff(first_seconds=1.0, longest_seconds=4.0))
    delays = []
    for _ in range(4):
        reconnect.opened()
        assert reconnect.broke(in_outage=True)
        reconnect.failed()
        delays.append(reconnect.delay_seconds())

    assert all(step / 2 <= delay <= step for step, delay in zip((1.0, 2.0, 4.0, 4.0), delays, strict=True))
    reconnect.opened()
    assert not reconnect.trusted
    reconnect.confirmed()
    assert (True, 0.0) == (reconnect.trusted, reconnect.delay_seconds())


def test_a_lazy_thread_starts_once():
    """However many threads start it."""
    runs, done = [], threading.Event()

    def run():
        runs.append(None)
        assert done.wait(60)

    thread = LazyThread(run, "lazy")
    thread.join(60)
    with ThreadPoolExecutor(4) as starting:
        assert [True] * 20 == list(starting.map(lambda _: thread.start(), range(20)))
    done.set()
    thread.join(60)

    assert 1 == len(runs)


def test_a_queue_that_is_empty_says_so():
    """Another thread may have dropped what was there."""
    queue = ReportQueue(lambda: True, 10, LastStates(10, 1000))
    queue.put(REPORT)

    assert REPORT is queue.take().item
    with pytest.raises(Empty):
        queue.take()


def test_a_queue_starts_its_reader_until_that_succeeds():
    """A report that was put before waits for the reader, and so does one for which there is no room."""
    answers = iter([False, False, True])
    queue = ReportQueue(lambda: next(answers), 1, LastStates(10, 1000))

    for number in range(5):
        queue.put(numbered(number, f"t{number}"))

    assert 5 == len(queue)
    assert (0, 4) == queue.dropped_and_remembered()
    assert None is next(answers, None)


@contextmanager
def no_more_threads():
    """Ask for stacks that no machine has, so that no thread can be started."""
    usual = threading.stack_size(1 << 48)
    try:
        yield
    finally:
        threading.stack_size(usual)


def test_a_process_that_can_start_no_thread_drops_reports(publisher):
    """It publishes as soon as a thread can be started."""
    with no_more_threads():
        publisher.publish(REPORT)
        assert publisher.flush(60)
    assert Counts(dropped=1) == publisher.counts

    publisher.publish(REPORT)
    assert publisher.flush(60)
    assert Counts(dropped=1, published=1) == publisher.counts


def test_the_health_says_whether_and_since_when(publisher, server):
    """Connected with the first report; an outage has a beginning."""
    before = publisher.health
    publisher.publish(REPORT)
    assert publisher.flush(60)
    connected = publisher.health
    server.becomes(away=True)
    wait_until(lambda: publisher.publish(REPORT) or publisher.health.outage_since)

    assert (True, False, None) == (before.enabled, before.connected, before.outage_since)
    assert (True, None) == (connected.connected, connected.outage_since)
