"""Lanes under lease, and the outcomes that their holders record."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

from pulp_notifiers.delivery import Deliveries
from pulp_notifiers.event import Event
from pulp_notifiers.records import Attempt, DeliveryFilter, DeliveryState, LaneState, LeaseOffer, Owed, OwedEvent
from pulp_notifiers.store import Store, schema
from tests.support.memory import START
from tests.support.stored import LEASE, claim, execute, fire, next_due, outcome, record, work_off

NOW = START


def test_a_claimed_lane_is_not_claimed_again_until_its_lease_ends(store):
    """Then another worker takes it."""
    fire(store)
    (first,) = claim(store)

    assert [] == claim(store, now=NOW + LEASE - timedelta(seconds=1))
    (second,) = claim(store, now=NOW + LEASE)
    assert first.lane == second.lane


def test_only_the_holder_can_renew_a_lease_and_record_outcomes(store):
    """A worker that lost its lease can do neither."""
    fire(store)
    (first,) = claim(store)
    store.claims.renew([first], NOW + 2 * LEASE)
    assert [] == claim(store, now=NOW + LEASE)

    (second,) = claim(store, now=NOW + 2 * LEASE)
    store.claims.renew([first], NOW + 9 * LEASE)

    assert LaneState.LOST is record(store, first, outcome(DeliveryState.DELIVERED))
    assert LaneState.LOST is not record(store, second, outcome(DeliveryState.DELIVERED))


def test_a_released_lane_can_be_claimed_at_once(store):
    """The end of its lease is not awaited."""
    fire(store)
    first = claim(store)

    store.claims.release(first)

    assert first[0].lane == claim(store)[0].lane


def test_a_delivered_delivery_is_stored_with_its_attempt_and_is_not_due_again(store):
    """Its lane is gone."""
    fire(store)
    (claimed,) = claim(store)
    work_off(store, claimed)

    (delivery,) = Deliveries(store.history).list()[1]
    assert (DeliveryState.DELIVERED, 1, None, None) == (
        delivery.state,
        delivery.attempts,
        delivery.due_at,
        delivery.last_error,
    )
    assert [Attempt(1, NOW, NOW + timedelta(seconds=1), None)] == store.history.attempts(delivery.id)
    assert next_due(store) is None
    assert [] == claim(store, now=NOW + 9 * LEASE)


def test_a_failed_delivery_holds_its_lane_until_it_is_due(store):
    """Later events about the same repository wait; those about another one do not."""
    fire(store, "zoo", number=1)
    (claimed,) = claim(store)
    later = NOW + timedelta(seconds=10)
    failed = outcome(DeliveryState.PENDING, error="HTTP 503", due_at=later)
    assert LaneState.LOST is not record(store, claimed, failed)
    fire(store, "zoo", number=2)
    fire(store, "other", number=3)

    assert [3] == [each.deliveries[0].event.payload["number"] for each in claim(store)]
    assert later == next_due(store)
    (due,) = claim(store, now=later)
    assert [1] == [owed.event.payload["number"] for owed in due.deliveries]
    work_off(store, due)
    assert [[2]] == [[owed.event.payload["number"] for owed in each.deliveries] for each in claim(store, now=later)]


def test_an_outcome_that_does_not_count_leaves_only_its_error(store):
    """The notifier was not called; the lane waits as after a failure."""
    fire(store)
    (claimed,) = claim(store)
    later = NOW + timedelta(seconds=10)
    postponed = replace(outcome(DeliveryState.PENDING, 0, "[email] port is wrong", later), counts=False)

    assert LaneState.PENDING is record(store, claimed, postponed)

    (delivery,) = Deliveries(store.history).list()[1]
    assert (DeliveryState.PENDING, 0, later) == (delivery.state, delivery.attempts, delivery.due_at)
    assert "[email] port is wrong" == delivery.last_error
    assert [] == store.history.attempts(delivery.id)
    assert 1 == len(claim(store, now=later))


def test_a_dead_letter_is_kept_with_its_last_error(store):
    """The next delivery of its lane can be claimed."""
    fire(store, number=1)
    (claimed,) = claim(store)
    assert LaneState.LOST is not record(store, claimed, outcome(DeliveryState.DEAD, error="gone"))
    fire(store, number=2)

    count, (dead,) = Deliveries(store.history).list(DeliveryFilter(state=DeliveryState.DEAD))
    assert (1, "gone", NOW + timedelta(seconds=1)) == (count, dead.last_error, dead.finished_at)
    assert [2] == [each.deliveries[0].event.payload["number"] for each in claim(store)]


def test_lanes_of_excepted_listeners_are_not_claimed(store):
    """A worker excepts the listeners that hold all the threads they may."""
    fire(store, listener="busy")
    fire(store, listener="idle")

    assert ["idle"] == [each.listener_id for each in claim(store, except_listeners={"busy"})]


def test_two_workers_never_hold_the_same_lane(open_store):
    """Even if they claim at the same moment."""
    stores = [open_store() for _ in range(3)]
    for number in range(60):
        fire(stores[0], f"repo{number}")
    barrier = threading.Barrier(3)

    def take(store: Store) -> list[int]:
        barrier.wait()
        return [each.lane for _ in range(10) for each in claim(store, limit=3)]

    with ThreadPoolExecutor(3) as pool:
        lanes = [lane for taken in pool.map(take, stores) for lane in taken]

    assert len(set(lanes)) == len(lanes)
    assert 60 == len(lanes)


def test_no_delivery_is_stuck_if_it_is_written_while_its_lane_is_finished(open_store):
    """All of them are claimed, in the order of their events."""
    firing, working = open_store(), open_store()
    total, stop = 200, threading.Event()

    def work() -> list[int]:
        done: list[int] = []
        while len(done) < total and not stop.is_set():
            for claimed in claim(working, limit=2):
                work_off(working, claimed)
                done += [owed.event.payload["number"] for owed in claimed.deliveries]
        return done

    with ThreadPoolExecutor(1) as pool:
        worked = pool.submit(work)
        for number in range(total):
            fire(firing, "zoo", number=number)
        try:
            done = worked.result(60)
        finally:
            stop.set()

    assert list(range(total)) == done
    assert 0 == firing.history.backlog().pending


def test_a_lane_without_pending_deliveries_is_deleted_when_it_is_claimed(store, database_url):
    """On PostgreSQL, deleting a listener while an event is fired can leave one."""
    fire(store, listener="deleted")
    execute(database_url, schema.deliveries.update().values(state="dead", finished_at=NOW))

    assert [] == claim(store)
    assert next_due(store) is None
    assert [] == claim(store, now=NOW + 9 * LEASE)


def test_leases_and_due_times_from_the_far_future_do_not_count(store):
    """They were written while a clock was wrong."""
    fire(store)
    future = NOW + timedelta(days=365)
    (claimed,) = claim(store, now=future)

    (again,) = claim(store)
    failed = outcome(DeliveryState.PENDING, error="x", due_at=future)
    assert claimed.lane == again.lane
    assert LaneState.PENDING is record(store, again, failed)

    assert [claimed.lane] == [each.lane for each in claim(store)]


def test_a_claim_includes_the_error_of_the_last_attempt(store):
    """The log needs it to recognize repeats."""
    fire(store)
    (claimed,) = claim(store)
    failed = outcome(DeliveryState.PENDING, error="HTTP 503", due_at=NOW)
    record(store, claimed, failed)

    (again,) = claim(store)

    assert (1, "HTTP 503") == (again.deliveries[0].attempts, again.deliveries[0].last_error)


def test_a_claim_is_limited_in_size_but_never_empty(store):
    """The first delivery of a lane is included, however large."""
    for number in range(4):
        fire(store, number=number, filler="x" * 150_000)
    fire(store, "large", filler="x" * 5_000_000)

    runs = [[owed.event.payload.get("number") for owed in each.deliveries] for each in claim(store)]

    assert [[0], [None]] == runs


def crashed(store: Store, times: int) -> None:
    """Claim what is due so often, each time by a process that ends."""
    for number in range(times):
        claim(store, now=NOW + number * LEASE)


def test_a_lane_whose_lease_ends_without_an_outcome_counts_one_crash_for_its_first_delivery(store):
    """It is claimed with that delivery alone, so that an outcome of it is recorded before the next one is attempted."""
    fire(store, number=1)
    fire(store, number=2)
    crashed(store, 3)

    (claimed,) = claim(store, now=NOW + 3 * LEASE)

    assert [(1, 3)] == [(owed.event.payload["number"], owed.crashes) for owed in claimed.deliveries]


def test_an_outcome_and_a_clean_release_count_no_crash(store):
    """Neither does the lane's next delivery inherit those of the one before."""
    fire(store, number=1)
    fire(store, number=2)
    crashed(store, 2)
    (claimed,) = claim(store, now=NOW + 2 * LEASE)
    store.claims.release([claimed])
    (again,) = claim(store, now=NOW + 2 * LEASE)
    assert 2 == again.deliveries[0].crashes

    assert LaneState.PENDING is record(store, again, outcome(DeliveryState.DELIVERED))
    (following,) = claim(store, now=NOW + 2 * LEASE)

    assert [(2, 0)] == [(owed.event.payload["number"], owed.crashes) for owed in following.deliveries]


def test_a_lane_leased_by_the_event_that_begins_it_counts_a_crash_when_that_lease_ends(store):
    """Its attempt begins without a claim."""
    offer = LeaseOffer("worker", NOW + LEASE, 0.0, lambda listener_id: 1)
    owed = [OwedEvent(Event("repo.sync.start", {"repo_id": "zoo"}), [Owed("l", "http", "")])]
    assert store.outbox.add_all(owed, store.listeners.latest_revision(), NOW, offer=offer).claims

    (claimed,) = claim(store, now=NOW + LEASE)

    assert 1 == claimed.deliveries[0].crashes


def test_suspected_lanes_are_claimed_one_at_a_time_beside_the_others_and_the_least_suspected_first(store):
    """Whatever the order in which they are due."""
    fire(store, "killer", "a")
    crashed(store, 3)
    fire(store, "innocent", "b")
    crashed_twice = [claim(store, now=NOW + (3 + number) * LEASE) for number in range(2)]
    assert [{"killer", "innocent"}, {"killer", "innocent"}] == [
        {each.deliveries[0].event.payload["repo_id"] for each in claims} for claims in crashed_twice
    ]
    fire(store, "new", "c")
    now = NOW + 5 * LEASE

    claims = claim(store, now=now)

    assert {"innocent", "new"} == {each.deliveries[0].event.payload["repo_id"] for each in claims}
    assert [] == store.claims.claim(now, now + LEASE, 10, suspects=0).claims
    assert ["killer"] == [each.deliveries[0].event.payload["repo_id"] for each in claim(store, now=now)]
