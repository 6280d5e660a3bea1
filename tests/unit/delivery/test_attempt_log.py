"""An outage of a receiver is a few lines of the log, however many deliveries wait for it."""

import logging
from dataclasses import replace

import pytest

from pulp_notifiers.delivery.attempt_log import AttemptLog
from pulp_notifiers.event import Event
from pulp_notifiers.records import OwedDelivery

REASON = "Connection refused"


def delivery(number: int, last_error: str | None = None) -> OwedDelivery:
    """Return a delivery in a lane of its own."""
    return OwedDelivery(number, Event("a.b", {}), "", 1, last_error)


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture):
    """Return a function that returns the lines so far that are not for debugging."""
    caplog.set_level(logging.DEBUG)
    return lambda: [record.getMessage() for record in caplog.records if record.levelno > logging.DEBUG]


def test_a_dead_receiver_with_ten_thousand_lanes_is_one_line_and_then_counts_at_growing_intervals(lines):
    """Each lane is attempted again and again for an hour."""
    now = 0.0
    log = AttemptLog(lambda: now)
    for repeat in range(6):
        now = repeat * 600.0
        for number in range(10_200):
            log.failed("l", delivery(number, REASON if repeat else None), REASON, 2.0)

    first, *later = lines()
    assert "Connection refused (delivery 0 of a.b to listener l; next attempt in 2 s)" == first
    assert (
        "Listener l still fails after 600 s (10201 failed attempts, 0 dead letters), last: Connection refused"
        == (later[0])
    )
    assert 4 == len(later)


def test_a_receiver_that_works_again_is_one_line_however_many_deliveries_had_failed(lines):
    """It has the number of failures."""
    now = 0.0
    log = AttemptLog(lambda: now)
    for number in range(500):
        log.failed("l", delivery(number), REASON, 2.0)
    now = 35.0
    for number in range(500):
        log.delivered("l", delivery(number, REASON))

    assert ["Listener l works again after 35 s (500 failed attempts, 0 dead letters)"] == lines()[1:]


def test_dead_letters_of_one_listener_are_one_line_and_then_counted(lines):
    """Also those that come after failures that were repeated."""
    now = 0.0
    log = AttemptLog(lambda: now)
    log.failed("l", delivery(0), REASON, 2.0)
    for number in range(500):
        log.dead("l", delivery(number), REASON)
    now = 61.0
    log.dead("l", delivery(500), REASON)

    failed, dead, count = lines()
    assert failed.endswith("next attempt in 2 s)")
    assert "Connection refused (delivery 0 of a.b to listener l is now a dead letter)" == dead
    assert "(502 failed attempts, 501 dead letters)" in count


def test_each_listener_has_its_own_lines(lines):
    """That of one does not hide that of another."""
    log = AttemptLog(lambda: 0.0)
    for number in range(10):
        log.failed(f"l{number % 2}", delivery(number), REASON, 2.0)

    assert 2 == len(lines())


def test_ten_thousand_suspected_deliveries_are_a_line_for_each_number_of_ends(lines):
    """A service that is killed twice had held them all; the one that ends processes has a higher number than others."""
    log = AttemptLog(lambda: 0.0)
    for number in range(10_000):
        log.suspected("l", replace(delivery(number), crashes=2))
    log.suspected("l", replace(delivery(77), crashes=3))

    first, poison = lines()
    assert "Delivery 0 of a.b to listener l: the process ended 2 times" in first
    assert "Delivery 77 of a.b to listener l: the process ended 3 times" in poison
