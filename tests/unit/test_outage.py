"""An outage is noticed when it begins and when it ends, and not in between."""

import logging
from datetime import UTC, datetime

import pytest

from pulp_notifiers.outage import FailureReport, FailureSeries, Outage

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def test_only_the_first_failure_begins_an_outage():
    """Repeats change nothing, not even the time at which it began."""
    times = iter([NOON])
    outage = Outage(lambda: next(times))

    assert [True, False, False] == [outage.begin() for _ in range(3)]
    assert (True, NOON) == (outage.active, outage.since)


def test_only_the_first_success_ends_an_outage():
    """A success without an outage before it is nothing to report."""
    outage = Outage()
    outage.begin()

    assert [True, False] == [outage.end(), outage.end()]
    assert (False, None) == (outage.active, outage.since)


def test_a_failure_after_the_end_begins_another_outage():
    """The latch can be used again and again."""
    outage = Outage()
    outage.begin()
    outage.end()

    assert outage.begin()


def test_only_the_first_failure_is_logged_at_the_given_level():
    """Repeats are for debugging only; another outage is logged again."""
    outage = Outage()

    assert [logging.ERROR, logging.DEBUG] == [outage.begin_at(logging.ERROR) for _ in range(2)]
    assert outage.end()
    assert logging.WARNING == outage.begin_at(logging.WARNING)


def series(*moments: float) -> FailureSeries:
    """Return a series whose clock shows these moments, one for each call."""
    times = iter(moments)
    return FailureSeries(lambda: next(times))


def test_of_many_failures_the_first_is_logged_and_then_counts_at_growing_intervals():
    """Ten thousand failures in three hours are eight lines."""
    seconds = [number * 1.08 for number in range(10_000)]
    failing = series(*seconds)

    reports = [failing.failed("refused") for _ in seconds]
    logged = [report for report in reports if report is not None]

    assert [True] + [False] * (len(logged) - 1) == [report.first for report in logged]
    assert [0, 60, 180, 420, 900, 1860, 3780, 7380] == pytest.approx([report.seconds for report in logged], abs=10)
    assert [1] == [report.failures for report in logged][:1]


def test_the_end_is_logged_once_with_the_number_of_failures_and_their_time():
    """A success without a failure before it is nothing to report."""
    failing = series(0, 1, 2, 30)
    for _ in range(3):
        failing.failed("refused")

    assert [FailureReport(False, 3, 30), None] == [failing.worked(), failing.worked()]


def test_what_fails_and_works_by_turns_is_logged_no_more_often_than_what_only_fails():
    """Each second failure of a thousand within a minute is only counted."""
    now = 0.0
    failing = FailureSeries(lambda: now)
    logged = []
    for number in range(1000):
        now = number * 0.05
        logged.append(failing.failed("refused") if number % 2 else failing.worked())

    assert 2 == len([each for each in logged if each is not None])


def test_another_reason_is_logged_at_once_unless_each_failure_has_its_own():
    """Five reasons are shown; further ones are only counted."""
    failing = series(*range(1000))

    logged = [report for number in range(1000) if (report := failing.failed(f"refused by peer {number}")) is not None]

    assert 5 == len([report for report in logged if report.first])
    assert len(logged) < 10


def test_failures_after_a_quiet_time_are_a_new_series():
    """Its first failure is logged at once."""
    failing = series(0, 1, 500)
    failing.failed("refused")
    failing.worked()

    assert FailureReport(True, 1, 0) == failing.failed("refused")
