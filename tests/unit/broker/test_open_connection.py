"""How failures of kombu and py-amqp on an open connection become the product's errors."""

import errno
from contextlib import contextmanager

import pytest
from kombu.exceptions import ChannelError

from pulp_notifiers.broker import Broker, Deadline, LinkLost, Subscription, SubscriptionForm, Watch
from pulp_notifiers.errors import PermanentFailure


class Connection:
    """kombu's connection over a transport whose reads end with an error."""

    connection = object()
    connection_errors = (OSError,)

    def __init__(self, error=None, refusal=None):
        self.transport = Transport(error, refusal)

    def release(self):
        """Do nothing."""

    collect = release


class Transport:
    def __init__(self, error, refusal):
        self._error, self._refusal = error, refusal

    def create_channel(self, _connection):
        return Channel(self._refusal)

    def drain_events(self, _connection, timeout):
        raise self._error


class Channel:
    """Accepts every declaration, or refuses each with this reply code."""

    queue = "queue"

    def __init__(self, refusal=None):
        self._refusal = refusal

    def exchange_declare(self, **_options):
        if self._refusal is not None:
            raise ChannelError("refused", reply_code=self._refusal)

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


def test_a_refusal_that_may_pass_is_a_lost_connection():
    """Such as 405, RESOURCE_LOCKED."""
    with pytest.raises(LinkLost, match="could not listen to exchange: .*refused"):
        Watch(Connection(refusal=405), "exchange", "#", Deadline(60))


def test_a_refusal_that_stays_is_a_permanent_failure_with_a_remedy():
    """Even of the question whether the exchange exists."""
    with pytest.raises(PermanentFailure, match="refused.*; permit this user to configure, write and read"):
        Watch(Connection(refusal=403), "exchange", "#", Deadline(60))


def test_a_subscription_over_another_protocol_is_a_permanent_failure():
    """It needs acknowledgements and deadlines."""
    connection = Broker(["memory://"]).connect(Deadline(60))

    with pytest.raises(PermanentFailure, match="must speak AMQP 0-9-1"):
        Subscription(connection, SubscriptionForm("exchange", "#", "queue", 10), Deadline(60))
    assert not connection.connected
