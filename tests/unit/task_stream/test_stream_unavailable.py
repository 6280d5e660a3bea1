"""A messaging server that is away costs messages and nothing else."""

import logging
import time
from dataclasses import astuple

import pytest

from pulp_notifiers.errors import PermanentFailure
from pulp_notifiers.task_stream import Counts
from pulp_notifiers.task_stream.document import message
from pulp_notifiers.task_stream.outage_log import OutageLog
from tests.support.stream import REPORT, report
from tests.support.waiting import wait_until


@pytest.mark.parametrize(
    ("last_states", "begin", "end", "counts"),
    [
        (10, "kept, up to 10 tasks: it is away", "49 were dropped and 1 sent late", Counts(late=1, dropped=49)),
        (0, "dropped until this is fixed: it is away", "50 were dropped and 0 sent late", Counts(dropped=50)),
    ],
)
def test_an_outage_is_logged_once_and_so_is_its_end(last_states, begin, end, counts, publisher_with, server, caplog):
    """With the number of reports that were dropped and of those sent late."""
    publisher = publisher_with(last_states=last_states)
    server.becomes(away=True)
    with caplog.at_level(logging.INFO):
        for number in range(50):
            publisher.publish(report(number))
        wait_until(lambda: server.attempts > 3 and sum(astuple(publisher.counts)) == 50)
        server.becomes(away=False)
        wait_until(lambda: len(caplog.messages) > 1)

    assert ["ERROR", "INFO"] == [record.levelname for record in caplog.records]
    assert begin in caplog.messages[0]
    assert end in caplog.messages[1]
    assert counts == publisher.counts


def test_without_last_states_only_new_reports_are_published_after_an_outage(publisher_with, server):
    """As in Pulp 2.7."""
    publisher = publisher_with(last_states=0)
    server.becomes(away=True)
    publisher.publish(report(1))
    assert publisher.flush(60)
    server.becomes(away=False)
    wait_until(lambda: server.links)

    wait_until(lambda: publisher.publish(report(2)) or (publisher.flush(60) and server.received))

    assert message(report(1)) not in server.received
    assert message(report(2)) in server.received


def test_a_connection_that_broke_while_idle_is_replaced(publisher, server, caplog):
    """Before anything is lost."""
    publisher.publish(report(1))
    assert publisher.flush(60)
    server.links[0].broken = True
    wait_until(lambda: len(server.links) == 2)

    publisher.publish(report(2))
    assert publisher.flush(60)

    assert [message(report(1)), message(report(2))] == server.received
    assert [] == caplog.messages


def test_a_permanent_failure_to_connect_is_an_outage(publisher_with, caplog):
    """Such as a library that is not installed."""

    def fail():
        raise PermanentFailure("there is no such transport")

    publisher = publisher_with(fail)
    publisher.publish(REPORT)
    wait_until(lambda: caplog.messages)
    publisher.close()

    assert "there is no such transport" in caplog.messages[0]
    assert Counts(dropped=1) == publisher.counts


def test_an_unexpected_error_does_not_end_the_thread(publisher_with, server, caplog):
    """It connects as soon as it can."""
    failures = iter([ZeroDivisionError("by zero"), KeyError("x")])

    def open_link():
        for failure in failures:
            raise failure
        return server.open()

    publisher = publisher_with(open_link)
    publisher.publish(REPORT)
    assert publisher.flush(60)
    wait_until(lambda: server.links)

    assert "by zero" in caplog.messages[0]


def test_a_server_that_is_away_does_not_delay_closing(publisher, server):
    """Not until anything is back."""
    server.becomes(away=True)
    publisher.publish(REPORT)
    began = time.monotonic()

    publisher.close(60)

    assert time.monotonic() - began < 30
    assert Counts(dropped=1) == publisher.counts


def test_an_outage_that_never_began_is_not_logged(caplog):
    """Nor its end."""
    with caplog.at_level(logging.INFO):
        OutageLog(1).end(Counts(dropped=5))

    assert [] == caplog.messages
