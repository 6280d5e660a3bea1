"""The messages of the stream, over outages of the messaging server."""

import pytest

from pulp_notifiers.cli.watch.task_feed import TaskFeed
from pulp_notifiers.errors import TemporaryFailure


class ScriptedWatch:
    """A connection that receives the batches of a list; an exception in it breaks the connection."""

    def __init__(self, batches, resumed=False):
        self.batches = list(batches)
        self.resumed = resumed
        self.closed = False

    def receive(self, seconds):
        item = self.batches.pop(0) if self.batches else []
        if isinstance(item, Exception):
            raise item
        return item

    def close(self, seconds):
        self.closed = True

    def discard(self):
        self.closed = True


class Connections:
    """Opens the watches of a list one after the other."""

    def __init__(self, *openings):
        self.openings = list(openings)
        self.notices = []
        self.now = 0.0

    def open(self):
        opening = self.openings.pop(0)
        if isinstance(opening, Exception):
            raise opening
        return opening

    def sleep(self, seconds):
        self.now += seconds

    def feed(self, **parts):
        return TaskFeed(self.open, self.notices.append, clock=lambda: self.now, sleep=self.sleep, **parts)


def test_an_outage_is_reported_once_and_its_end_once():
    """However many attempts it takes."""
    first, second = ScriptedWatch([TemporaryFailure("it broke")]), ScriptedWatch([[b'{"task_id": "t"}']])
    connections = Connections(first, *[TemporaryFailure("it is away")] * 5, second)
    feed = connections.feed()

    received, outages = [], set()
    while not received:
        received = list(feed.receive(0.1))
        outages.add(feed.outage)

    assert [{"task_id": "t"}] == received
    assert first.closed
    assert {"it broke", "it is away", None} == outages
    assert 2 == len(connections.notices)
    assert connections.notices[0].endswith("reconnecting: it broke")
    assert connections.notices[1].startswith("Reconnected after ")


@pytest.mark.parametrize(
    ("resumed", "end"),
    [(True, "; the changes in between follow."), (False, "; changes in between may have been missed.")],
)
def test_whether_changes_may_have_been_missed_is_said(resumed, end):
    """The server may have kept them."""
    connections = Connections(ScriptedWatch([TemporaryFailure("it broke")]), ScriptedWatch([], resumed))
    feed = connections.feed()

    for _ in range(2):
        assert [] == list(feed.receive(0.1))

    assert connections.notices[1].endswith(end)


def test_the_first_connection_must_succeed():
    """The name of the server may be mistyped."""
    with pytest.raises(TemporaryFailure, match="it is away"):
        Connections(TemporaryFailure("it is away")).feed()


def test_messages_that_hold_no_task_are_reported_once():
    """And counted."""
    connections = Connections(ScriptedWatch([[b"nonsense", b"{}", b'{"task_id": "t"}', b"\xff"]]))
    feed = connections.feed()

    assert [{"task_id": "t"}] == list(feed.receive(0.1))
    assert 3 == feed.unreadable
    assert 1 == len(connections.notices)


def test_a_feed_can_be_closed_twice():
    """It closes its connection."""
    watch = ScriptedWatch([])
    feed = Connections(watch).feed()

    feed.close()
    feed.close()

    assert watch.closed


def test_a_feed_that_is_closed_during_an_outage_still_has_the_server_forget_it():
    """There is no connection over which that could be done."""
    forgotten = []
    feed = Connections(ScriptedWatch([TemporaryFailure("it broke")])).feed(forget=forgotten.append)
    assert [] == list(feed.receive(0.1))

    feed.close()

    assert 1 == len(forgotten)
