"""A server that confirms nothing counts as away, one that refuses costs messages, and the queue is bounded."""

import logging
import threading
from dataclasses import replace

import pytest

from pulp_notifiers.task_stream import Counts
from pulp_notifiers.task_stream.document import message
from tests.support.stream import REPORT, number_of, numbered, report
from tests.support.waiting import wait_until


@pytest.mark.parametrize("state", ["silent", "blocked"])
def test_a_server_that_confirms_nothing_gets_no_more_reports(state, publisher_with, server, caplog):
    """It may still confirm those that it was sent before; then it gets the last of the others."""
    publisher = publisher_with(slow_seconds=0.05)
    publisher.publish(report(0))
    assert publisher.flush(60)
    server.becomes(**{state: True})
    with caplog.at_level(logging.INFO):
        publisher.publish(report(1))
        wait_until(lambda: caplog.messages)
        for number in range(2, 102):
            publisher.publish(report(number))
        assert not publisher.flush(0.1)
        server.becomes(**{state: False})
        wait_until(lambda: len(caplog.messages) > 1)

    assert Counts(published=2, late=1, dropped=99) == publisher.counts
    assert ["ERROR", "INFO"] == [record.levelname for record in caplog.records]
    assert [message(report(number)) for number in (0, 1, 101)] == server.received
    assert 1 == len(server.links)


@pytest.mark.parametrize("state", ["silent", "blocked"])
def test_a_server_that_confirms_nothing_is_left_for_another(state, publisher_with, server):
    """If the options say so. The other one gets what the first was sent, which may have it, too."""
    publisher = publisher_with(silent_seconds=0.05, waits_for_relief=False)
    server.becomes(**{state: True})
    publisher.publish(REPORT)

    wait_until(lambda: len(server.links) > 1)
    server.becomes(**{state: False})

    assert publisher.flush(60)
    assert server.links[0].closed
    assert Counts(late=1) == publisher.counts
    assert {REPORT.task_id} == {one.routing_key.removeprefix("tasks.") for one in server.received}


@pytest.mark.parametrize("state", ["silent", "blocked"])
def test_a_server_that_confirms_nothing_does_not_delay_closing(state, publisher, server):
    """Unconfirmed reports count as dropped."""
    server.becomes(**{state: True})
    publisher.publish(REPORT)
    wait_until(lambda: server.received)

    publisher.close(60)

    assert Counts(dropped=1) == publisher.counts


def test_refusals_are_counted_and_logged_once(publisher, server, caplog):
    """They count as dropped."""
    server.becomes(refusing=True)
    for _ in range(3):
        publisher.publish(REPORT)
        assert publisher.flush(60)

    assert Counts(dropped=3) == publisher.counts
    assert ["WARNING"] == [record.levelname for record in caplog.records]


def test_a_full_queue_keeps_the_newest_reports_and_ends_and_logs_that_once(publisher_with, server, caplog):
    """The oldest make room; of those, the last state of each task is sent first."""
    connecting = threading.Event()

    def open_link():
        assert connecting.wait(60)
        return server.open()

    publisher = publisher_with(open_link, most_reports=10)
    reports = [numbered(n, f"t{n % 2}", "finished" if n in {20, 21} else "running") for n in range(100)]
    with caplog.at_level(logging.INFO):
        for one in reports:
            publisher.publish(one)
        connecting.set()
        wait_until(lambda: len(caplog.messages) > 1)

    assert [20, 21, 88, 89, *range(90, 100)] == [number_of(one) for one in server.received]
    assert Counts(published=10, late=4, dropped=86) == publisher.counts
    assert ["ERROR", "INFO"] == [record.levelname for record in caplog.records]


def test_the_queue_holds_fewer_large_reports(publisher_with, server):
    """By the size of the reports before."""
    publisher = publisher_with(most_bytes=100_000)
    large = replace(REPORT, result="x" * 20_000)
    publisher.publish(large)
    assert publisher.flush(60)
    server.becomes(silent=True)
    publisher.publish(large)
    wait_until(lambda: len(server.received) == 2)

    for _ in range(10):
        publisher.publish(large)

    wait_until(lambda: publisher.counts.dropped > 5)
