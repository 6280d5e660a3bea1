"""Waiting on an open connection ends for two different reasons."""

import errno
from contextlib import contextmanager

import pytest

from pulp_notifiers.broker import Deadline, Watch
from pulp_notifiers.broker.errors import LinkLost


class Connection:
    """kombu's connection over a transport whose reads end with an error."""

    connection = object()
    connection_errors = (OSError,)

    def __init__(self, error):
        self.transport = Transport(error)

    def release(self):
        """Do nothing."""

    collect = release


class Transport:
    def __init__(self, error):
        self._error = error

    def create_channel(self, _connection):
        return Channel()

    def drain_events(self, _connection, timeout):
        raise self._error


class Channel:
    """Accepts every declaration."""

    queue = "queue"

    def __getattr__(self, _name):
        return lambda **_options: self


@contextmanager
def watch_over(error):
    """Watch over a connection whose reads end with an error."""
    watch = Watch(Connection(error), "exchange", "#", Deadline(60))
    yield watch
    watch.close(0)


def test_a_wait_that_ends_in_time_returns_nothing():
    """It is no failure."""
    with watch_over(TimeoutError()) as watch:
        assert [] == watch.receive(0)


def test_a_connection_that_the_kernel_gives_up_is_lost():
    """Its time-out has an error number, unlike that of a wait."""
    timed_out = TimeoutError(errno.ETIMEDOUT, "Connection timed out")

    with watch_over(timed_out) as watch, pytest.raises(LinkLost, match=r"could not listen to exchange: .*timed out"):
        watch.receive(0)
