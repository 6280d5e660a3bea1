"""Slow transfers, the log of closed connections, and the limit of open files."""

import logging

import pytest

from pulp_notifiers.rest.connections.descriptors import room_for_connections
from pulp_notifiers.rest.connections.pace import Pace
from pulp_notifiers.rest.connections.tally import Tally


def test_a_transfer_that_does_not_move_is_overdue_after_its_seconds() -> None:
    """Not before."""
    pace = Pace(100.0, seconds=20.0, bytes_per_second=1000.0)

    assert not pace.is_overdue(120.0)
    assert pace.is_overdue(120.1)


def test_a_byte_a_second_does_not_keep_a_transfer_alive() -> None:
    """A thousand of them earn a second."""
    pace = Pace(0.0, seconds=20.0, bytes_per_second=1000.0)

    seconds = 0
    while not pace.is_overdue(seconds):
        pace.moved(1)
        seconds += 1

    assert seconds == 21


def test_a_transfer_at_the_lowest_rate_is_never_overdue() -> None:
    """However long it takes."""
    pace = Pace(0.0, seconds=20.0, bytes_per_second=1000.0)

    for seconds in range(10_000):
        assert not pace.is_overdue(seconds)
        pace.moved(1000)


def test_time_that_the_service_needs_is_not_the_clients() -> None:
    """It moves the deadline."""
    pace = Pace(0.0, seconds=20.0, bytes_per_second=1000.0)
    pace.held(30.0)

    assert not pace.is_overdue(50.0)
    assert pace.is_overdue(50.1)


def test_many_closed_connections_are_one_line_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    """The first is logged at once, the others with their number."""
    caplog.set_level(logging.WARNING)
    tally = Tally()

    for second in range(59):
        for _ in range(100):
            tally.add("192.0.2.1", "slow", float(second))
        tally.report(float(second))
    first = caplog.messages[:]
    tally.report(60.0)
    tally.report(119.0)
    second_minute = caplog.messages[1:]
    tally.report(120.0)
    tally.report(180.0)
    tally.add("192.0.2.2", "large", 181.0)

    assert ["Closed a connection from 192.0.2.1: slow; further ones are counted for a minute"] == first
    assert ["Further connections were closed: 5899 times: slow"] == second_minute
    assert ["Closed a connection from 192.0.2.2: large; further ones are counted for a minute"] == caplog.messages[2:]


def test_what_was_counted_is_logged_at_the_end(caplog: pytest.LogCaptureFixture) -> None:
    """Nothing is logged if nothing was counted."""
    caplog.set_level(logging.WARNING)
    tally = Tally()
    tally.flush()
    tally.add("192.0.2.1", "slow", 0.0)
    tally.add("192.0.2.1", "large", 0.0)
    tally.flush()

    assert ["Further connections were closed: 1 times: large"] == caplog.messages[1:]


@pytest.mark.parametrize(
    ("limit", "connections", "room"), [(1024, 512, 512), (700, 512, 444), (256, 512, 64), (1024, 2000, 768)]
)
def test_connections_leave_descriptors_to_other_parts(limit: int, connections: int, room: int) -> None:
    """A limit that is too small is divided."""
    assert room == room_for_connections(limit, connections, reserved=256)
