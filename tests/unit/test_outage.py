"""An outage is noticed when it begins and when it ends, and not in between."""

import logging
from datetime import UTC, datetime

from pulp_notifiers.outage import Outage

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
