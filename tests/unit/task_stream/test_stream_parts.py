"""The parts of the stream one by one: tally, reconnect and lazy thread."""

import threading
from concurrent.futures import ThreadPoolExecutor

from pulp_notifiers.backoff import Backoff
from pulp_notifiers.task_stream.lazy_thread import LazyThread
from pulp_notifiers.task_stream.reconnect import Reconnect
from pulp_notifiers.task_stream.tally import Tally


def test_a_tally_counts_across_threads():
    """Reading it changes nothing."""
    tally = Tally()

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda _: [tally.add() or tally.value() for _ in range(1000)], range(4)))

    assert 4000 == tally.value() == tally.value()


def test_a_connection_that_worked_is_replaced_at_once():
    """A message was confirmed over it."""
    reconnect = Reconnect(Backoff())
    reconnect.opened()
    reconnect.confirmed()

    assert not reconnect.broke(in_outage=False)
    assert 0.0 == reconnect.delay_seconds()


def test_waits_grow_until_a_message_is_confirmed():
    """A connection that opens and then breaks is no success: the next wait is longer."""
    reconnect = Reconnect(Backoff(first_seconds=1.0, longest_seconds=4.0))
    delays = []
    for _ in range(4):
        reconnect.opened()
        assert reconnect.broke(in_outage=True)
        reconnect.failed()
        delays.append(reconnect.delay_seconds())

    assert all(step / 2 <= delay <= step for step, delay in zip((1.0, 2.0, 4.0, 4.0), delays, strict=True))
    reconnect.opened()
    assert not reconnect.trusted
    reconnect.confirmed()
    assert (True, 0.0) == (reconnect.trusted, reconnect.delay_seconds())


def test_a_lazy_thread_starts_once():
    """However many threads start it."""
    runs, done = [], threading.Event()

    def run():
        runs.append(None)
        assert done.wait(60)

    thread = LazyThread(run, "lazy")
    thread.join(60)
    with ThreadPoolExecutor(4) as starting:
        assert [True] * 20 == list(starting.map(lambda _: thread.start(), range(20)))
    done.set()
    thread.join(60)

    assert 1 == len(runs)
