"""Due times and leases that were written while the clock was ahead, judged after it was set back."""

from datetime import timedelta

import pytest

from pulp_notifiers.event import Event
from pulp_notifiers.records import (
    Attempt,
    Attempted,
    DeliveryState,
    LaneState,
    LeaseOffer,
    Outcome,
    Owed,
    OwedEvent,
    RegisteredSource,
)
from pulp_notifiers.store import Store
from tests.support.memory import START
from tests.support.stored import LEASE, claim, fire

NOW = START
BACKOFF = timedelta(seconds=20)
AHEAD = [timedelta(minutes=10), timedelta(days=2), timedelta(days=400)]


def fail(store: Store, now, wait: timedelta = BACKOFF) -> None:
    """Attempt everything that is due, without success."""
    for each in claim(store, now=now):
        failed = Outcome(DeliveryState.PENDING, Attempt(1, now, now, "HTTP 503"), now + wait)
        assert [LaneState.PENDING] == store.claims.record([Attempted(each, each.deliveries[0], failed, True)], now)


def lanes(store: Store, now) -> int:
    """Return how many lanes are claimed."""
    return len(claim(store, now=now))


@pytest.fixture(params=["same process", "after a restart"])
def then(request, store, open_store):
    """Return the store that is used after the clock was set back."""
    return store if request.param == "same process" else open_store()


@pytest.mark.parametrize("ahead", AHEAD)
def test_a_failed_delivery_is_attempted_within_one_backoff_after_the_clock_is_set_back(store, then, ahead):
    """Newer events about the same repository are not kept waiting either."""
    fire(store)
    fail(store, NOW + ahead)
    fire(store)

    assert 1 == lanes(then, NOW + BACKOFF)


@pytest.mark.parametrize("ahead", AHEAD)
def test_an_event_fired_while_the_clock_was_ahead_is_due_after_it_is_set_back(store, then, ahead):
    """Nobody had attempted it yet."""
    owed = [OwedEvent(Event("repo.sync.start", {"repo_id": "zoo"}), [Owed("l", "http", "")])]
    store.outbox.add_all(owed, store.listeners.latest_revision(), NOW + ahead)
    store.claims.claim(NOW + ahead - timedelta(seconds=1), NOW + ahead + LEASE, 1)

    assert 1 == lanes(then, NOW)


@pytest.mark.parametrize("ahead", AHEAD)
@pytest.mark.parametrize("offered", [True, False])
def test_a_lease_taken_while_the_clock_was_ahead_is_taken_over_after_it_is_set_back(store, then, ahead, offered):
    """Whether a claim took it or the event that began the lane."""
    future = NOW + ahead
    offer = LeaseOffer("worker", future + LEASE, 0.0, lambda listener_id: 1) if offered else None
    owed = [OwedEvent(Event("repo.sync.start", {"repo_id": "zoo"}), [Owed("l", "http", "")])]
    store.outbox.add_all(owed, store.listeners.latest_revision(), future, offer=offer)
    assert offered is not bool(claim(store, now=future))

    assert 1 == lanes(then, NOW)


def test_a_wait_that_a_receiver_asked_for_is_kept(store, then):
    """However long, up to the longest that a setting allows."""
    wait = timedelta(days=6)
    fire(store)
    fail(store, NOW, wait)

    assert 0 == lanes(then, NOW)
    assert 0 == lanes(then, NOW + timedelta(days=5))
    assert 1 == lanes(then, NOW + wait)


def test_a_clock_that_is_set_back_by_less_than_a_lease_takes_no_lane_from_a_living_worker(store, open_store):
    """It renews its leases, but perhaps a moment later than others look."""
    fire(store)
    assert 1 == lanes(store, NOW)

    assert 0 == lanes(open_store(), NOW - LEASE)


def test_lanes_in_their_backoff_are_not_due_early_in_other_processes(store, open_store):
    """The first claim of a process judges all times."""
    fire(store)
    fail(store, NOW)

    assert 0 == lanes(open_store(), NOW + BACKOFF / 2)


@pytest.mark.parametrize("ahead", AHEAD)
def test_a_lease_of_a_source_taken_while_the_clock_was_ahead_is_taken_over_after_it_is_set_back(store, then, ahead):
    """On another machine, where nobody sees that its process died."""
    store.sources.add(RegisteredSource("numbers", "counting", {}, NOW, id="5f0c1e2d3a4b5c6d7e8f9012"))
    lease = timedelta(seconds=20)
    assert store.sources.claim("dead", NOW + ahead, NOW + ahead + lease)

    assert ["numbers"] == [source.name for source in then.sources.claim("alive", NOW, NOW + lease)]


def test_a_source_is_not_taken_from_its_living_holder_by_a_small_step_of_the_clock(store, open_store):
    """It renews its lease at its next poll."""
    store.sources.add(RegisteredSource("numbers", "counting", {}, NOW, id="5f0c1e2d3a4b5c6d7e8f9012"))
    lease = timedelta(seconds=20)
    assert store.sources.claim("alive", NOW, NOW + lease)

    assert not open_store().sources.claim("other", NOW - lease, NOW)
