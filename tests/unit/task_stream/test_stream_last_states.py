"""No task's last state is lost while the server is away, blocked or slow, and none is followed by an older one."""

import gc
import threading
import weakref
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import astuple, replace

import pytest

from pulp_notifiers.task_stream import Counts
from tests.support.stream import REPORT, number_of, numbered
from tests.support.waiting import wait_until


def by_task(messages):
    """Return the numbers of the messages of each task."""
    found = defaultdict(list)
    for message in messages:
        found[message.routing_key.removeprefix("tasks.")].append(number_of(message))
    return found


def publish_tasks(publisher, numbers, tasks=100):
    """Publish a report of each task for each number; the last one is its end."""
    for number in numbers:
        for task in range(tasks):
            publisher.publish(numbered(number, f"t{task}", "finished" if number == numbers[-1] else "running"))


TROUBLES = ["away", "silent", "blocked"]


@pytest.mark.parametrize("trouble", TROUBLES)
def test_the_last_state_of_each_task_is_sent_late(trouble, publisher, server):
    """It is the only report of it that is sent after the outage, until there is a newer one."""
    publish_tasks(publisher, range(5))
    assert publisher.flush(60)
    server.becomes(**{trouble: True})
    publisher.publish(numbered(5, "t0"))
    wait_until(lambda: publisher.health.outage_since)
    publish_tasks(publisher, range(6, 20))
    assert not publisher.flush(0.02)
    remembered = publisher.counts.remembered
    server.becomes(**{trouble: False})
    wait_until(lambda: publisher.flush(60) and publisher.health.outage_since is None)
    publish_tasks(publisher, range(20, 22))
    assert publisher.flush(60)

    assert 100 == remembered
    assert publisher.counts.late in {100, 101}
    assert 0 == publisher.counts.remembered
    assert 5 * 100 + 1 + 14 * 100 + 2 * 100 == sum(astuple(publisher.counts))
    for seen in by_task(server.received).values():
        assert sorted(seen) == seen
        assert [19, 20, 21] == [number for number in seen if number > 5]


@pytest.mark.parametrize("trouble", TROUBLES)
def test_threads_that_report_through_many_outages_lose_no_end(trouble, publisher_with, server):
    """Each task ends once, in the thread that reports it; the counts are exact."""
    publisher = publisher_with(most_reports=50)
    finished = threading.Event()

    def disturb():
        while not finished.is_set():
            server.becomes(**{trouble: True})
            finished.wait(0.03)
            server.becomes(**{trouble: False})
            finished.wait(0.03)

    def work(thread):
        for task in range(100):
            for number in range(20):
                state = "finished" if number == 19 else "running"
                publisher.publish(numbered(number, f"t{thread}-{task}", state))

    disturbing = threading.Thread(target=disturb)
    disturbing.start()
    try:
        with ThreadPoolExecutor(8) as threads:
            list(threads.map(work, range(8)))
    finally:
        finished.set()
        disturbing.join()
    wait_until(lambda: publisher.flush(60))

    tasks = by_task(server.received)
    assert 800 == len(tasks)
    for seen in tasks.values():
        assert sorted(seen) == seen
        assert 19 == seen[-1]
    counts = publisher.counts
    assert (16_000, 0) == (sum(astuple(counts)), counts.remembered)


def test_messages_in_flight_when_a_connection_breaks_are_sent_again(publisher_with, server):
    """The last of each task, which may arrive twice."""
    connecting = threading.Event()

    def open_link():
        assert connecting.wait(60)
        return server.open()

    publisher = publisher_with(open_link)
    server.becomes(silent=True)
    for number, state in enumerate(["running", "running", "finished"], start=1):
        publisher.publish(numbered(number, "a", state))
    connecting.set()
    wait_until(lambda: len(server.received) == 3)
    server.links[0].broken = True
    wait_until(lambda: len(server.links) == 2)
    server.becomes(silent=False)

    assert publisher.flush(60)
    assert [1, 2, 3, 3] == [number_of(one) for one in server.received]
    assert Counts(late=1, dropped=2) == publisher.counts


class Progress(dict):
    """A progress report of which it can be known whether it is still in memory."""


@pytest.mark.parametrize("trouble", TROUBLES)
def test_reports_are_not_kept_in_memory_after_the_outage(trouble, publisher, server):
    """Not even those whose size was still to be found out."""
    publisher.publish(REPORT)
    assert publisher.flush(60)
    server.becomes(**{trouble: True})
    publisher.publish(REPORT)
    wait_until(lambda: publisher.health.outage_since)
    kept = []
    for number in range(1000):
        progress = Progress(extra="x" * 10_000)
        kept.append(weakref.ref(progress))
        publisher.publish(replace(REPORT, task_id=f"t{number}", progress_report=progress))
        del progress
    remembered = publisher.counts.remembered
    queue = publisher._sender.queue
    wait_until(lambda: queue.unrendered < remembered)
    server.becomes(**{trouble: False})
    assert publisher.flush(60)
    gc.collect()

    assert 1000 <= remembered
    assert 0 == sum(each() is not None for each in kept)


def test_refused_messages_are_not_remembered(publisher, server):
    """The server has decided."""
    server.becomes(refusing=True)
    publisher.publish(numbered(1, "a", "finished"))

    assert publisher.flush(60)
    assert Counts(dropped=1) == publisher.counts


def test_closing_in_an_outage_drops_what_is_remembered(publisher, server):
    """And counts it."""
    server.becomes(away=True)
    publish_tasks(publisher, range(3), tasks=7)
    wait_until(lambda: publisher.counts.remembered == 7)

    publisher.close(60)

    assert Counts(dropped=21) == publisher.counts


@pytest.mark.parametrize("state", ["silent", "blocked"])
def test_closing_while_nothing_is_confirmed_drops_what_is_remembered(state, publisher, server):
    """And what is in flight."""
    server.becomes(**{state: True})
    publisher.publish(numbered(1, "a", "finished"))
    wait_until(lambda: publisher.health.outage_since)
    publish_tasks(publisher, range(3), tasks=7)

    publisher.close(60)

    assert Counts(dropped=22) == publisher.counts


def test_a_flush_waits_for_what_was_put_before_it_and_no_longer(publisher, server):
    """Reports that come later do not hold it up."""
    server.becomes(away=True)
    publish_tasks(publisher, range(3), tasks=7)
    wait_until(lambda: publisher.counts.remembered == 7)
    flushed = []
    waiting = threading.Thread(target=lambda: flushed.append(publisher.flush(60)))
    waiting.start()
    publish_tasks(publisher, range(3, 6), tasks=9)

    server.becomes(away=False)
    waiting.join()

    assert [True] == flushed
    assert {f"t{task}" for task in range(7)} <= set(by_task(server.received))


def test_a_flush_in_an_outage_returns_at_once_if_nothing_is_remembered(publisher_with, server):
    """All before it is dropped."""
    publisher = publisher_with(last_states=0)
    server.becomes(away=True)
    publish_tasks(publisher, range(3))

    assert publisher.flush(60)
    assert publisher.flush(60)
    assert Counts(dropped=300) == publisher.counts


def test_a_forked_child_remembers_nothing(publisher, server):
    """What the parent remembers is the parent's to send."""
    server.becomes(away=True)
    publisher.publish(numbered(1, "a", "finished"))
    wait_until(lambda: publisher.counts.remembered)

    publisher.restart_after_fork()

    assert Counts() == publisher.counts


def test_a_long_outage_with_many_tasks_keeps_within_the_limit(publisher_with, server):
    """Ends are kept before progress."""
    publisher = publisher_with(last_states=100)
    server.becomes(away=True)
    for number in range(1000):
        publisher.publish(numbered(number, f"t{number}", "error" if number % 20 == 0 else "running"))
    wait_until(lambda: publisher.counts.dropped == 900)
    server.becomes(away=False)
    wait_until(lambda: publisher.flush(60))

    numbers = [number_of(one) for one in server.received]
    assert [number for number in range(1000) if number % 20 == 0] == numbers[:50]
    assert 50 == len(numbers[50:])
    assert sorted(numbers[50:]) == numbers[50:]
    assert Counts(late=100, dropped=900) == publisher.counts


def test_messages_that_the_server_never_takes_cost_no_others(publisher, server, caplog):
    """Those sent with them are sent again, one by one."""
    server.becomes(most_bytes=10_000)

    for number in range(300):
        publisher.publish(numbered(number, f"t{number}", extra_bytes=20_000 if number % 100 == 50 else 0))
    assert publisher.flush(60)
    publisher.publish(numbered(300, "t300"))
    assert publisher.flush(60)

    tasks = by_task(one for one in server.received if len(one.body) < 10_000)
    assert {f"t{number}": [number] for number in range(301) if number % 100 != 50} == {
        task: sorted(set(numbers)) for task, numbers in tasks.items()
    }
    assert (298, 3) == (publisher.counts.published + publisher.counts.late, publisher.counts.dropped)
    assert ["WARNING"] == [record.levelname for record in caplog.records if "closed the connection" in record.message]


def test_without_last_states_a_message_that_the_server_never_takes_costs_what_is_in_flight(publisher_with, server):
    """As any connection that breaks."""
    publisher = publisher_with(last_states=0)
    server.becomes(most_bytes=10_000)

    publisher.publish(numbered(1, "a", extra_bytes=20_000))
    assert publisher.flush(60)
    wait_until(lambda: publisher.publish(numbered(2, "b")) or (publisher.flush(60) and publisher.counts.published))

    assert 0 == publisher.counts.late
