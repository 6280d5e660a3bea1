"""A server that confirms nothing counts as away, one that refuses costs messages, and the queue is bounded."""

import logging
import threading
from dataclasses import replace

import pytest

from pulp_notifiers.task_stream import Counts
from pulp_notifiers.task_stream.document import message
from tests.support.stream import REPORT, eventually, report


@pytest.mark.parametrize("state", ["silent", "blocked"])
def test_a_server_that_confirms_nothing_gets_no_more_reports(state, publisher, server, caplog):
    """It may still confirm those that it was sent before; then all are counted exactly."""
    publisher.publish(report(0))
    assert publisher.flush(60)
    server.becomes(**{state: True})
    with caplog.at_level(logging.INFO):
        publisher.publish(report(1))
        eventually(lambda: caplog.messages)
        for number in range(2, 102):
            publisher.publish(report(number))
        assert not publisher.flush(0.1)
        server.becomes(**{state: False})
        eventually(lambda: len(caplog.messages) > 1)

    assert Counts(published=2, dropped=100) == publisher.counts
    assert ["ERROR", "INFO"] == [record.levelname for record in caplog.records]
    assert 2 == len(server.received)
    assert 1 == len(server.links)


@pytest.mark.parametrize("state", ["silent", "blocked"])
def test_a_server_that_confirms_nothing_is_left_for_another(state, publisher_with, server):
    """If the options say so."""
    publisher = publisher_with(silent_seconds=0.05, waits_for_relief=False)
    server.becomes(**{state: True})
    publisher.publish(REPORT)

    eventually(lambda: len(server.links) > 1)

    assert server.links[0].closed
    assert 1 == publisher.counts.dropped


@pytest.mark.parametrize("state", ["silent", "blocked"])
def test_a_server_that_confirms_nothing_does_not_delay_closing(state, publisher, server):
    """Unconfirmed reports count as dropped."""
    server.becomes(**{state: True})
    publisher.publish(REPORT)
    eventually(lambda: server.received)

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


def test_a_full_queue_drops_reports_and_logs_that_once(publisher_with, server, caplog):
    """The reports that it has room for are published."""
    connecting = threading.Event()

    def open_link():
        assert connecting.wait(60)
        return server.open()

    publisher = publisher_with(open_link, most_reports=10)
    with caplog.at_level(logging.INFO):
        for number in range(100):
            publisher.publish(report(number))
        connecting.set()
        assert publisher.flush(60)
        eventually(lambda: len(caplog.messages) > 1)

    assert [message(report(number)) for number in range(10)] == server.received
    assert Counts(published=10, dropped=90) == publisher.counts
    assert ["ERROR", "INFO"] == [record.levelname for record in caplog.records]


def test_the_queue_holds_fewer_large_reports(publisher_with, server):
    """By the size of the reports before."""
    publisher = publisher_with(most_bytes=100_000)
    large = replace(REPORT, result="x" * 20_000)
    publisher.publish(large)
    assert publisher.flush(60)
    server.becomes(silent=True)
    publisher.publish(large)
    eventually(lambda: len(server.received) == 2)

    for _ in range(10):
        publisher.publish(large)

    eventually(lambda: publisher.counts.dropped > 5)
