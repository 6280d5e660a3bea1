"""Events and their deliveries, as they are written."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from pulp_notifiers.delivery import Deliveries
from pulp_notifiers.errors import StoreUnavailable
from pulp_notifiers.event import Event
from pulp_notifiers.records import DeliveryState, LeaseOffer, Listener, Owed, OwedEvent, Written
from tests.support.memory import START
from tests.support.stored import LEASE, add, claim, execute, fire, outcome, record, work_off


def offer(*listeners: str, room: int = 10) -> LeaseOffer:
    """Return a worker's offer for some listeners."""
    return LeaseOffer("worker-1", START + LEASE, 0.0, lambda listener: room if listener in listeners else 0)


def write(store, *events: OwedEvent, offered: LeaseOffer | None = None) -> Written:
    written = store.outbox.add_all(events, store.listeners.latest_revision(), START, offer=offered)
    assert written is not None
    return written


def about(repo: str, *listeners: str, number: int = 0) -> OwedEvent:
    event = Event("repo.sync.start", {"repo_id": repo, "number": number}, {"task_id": "t"}, occurred_at=START)
    return OwedEvent(event, [Owed(listener, "http", "") for listener in listeners])


def test_an_event_is_read_back_as_it_was_fired(store):
    """Nested values, numbers, text and the order of the keys survive the database."""
    event = Event("repo.sync.finish", {"repo_id": "zoo", "nested": [{"é": None}], "n": 2**53}, {"task_id": "t"})
    fire(store, event=event)

    (claimed,) = claim(store)

    assert event == claimed.deliveries[0].event
    assert list(event.payload) == list(claimed.deliveries[0].event.payload)


def test_firing_an_event_again_adds_nothing(store):
    """The number of its first deliveries is returned, so a source may repeat an event."""
    event = fire(store, targets=("a", "b"))

    assert 2 == add(store, event, [Owed("l", "http", "c")])
    assert 2 == Deliveries(store.history).list()[0]


def test_an_event_for_an_old_revision_is_not_written(store):
    """The caller has to read the listeners again."""
    revision = store.listeners.all()[0]
    store.listeners.add(Listener("http", {}, ("*",), id="5f0c1e2d3a4b5c6d7e8f9012"))

    assert add(store, Event("a", {}), [Owed("l", "http", "")], revision) is None
    assert add(store, Event("a", {}), [], revision) is None
    assert 0 == Deliveries(store.history).list()[0]


def test_deliveries_about_one_repository_to_one_target_share_a_lane(store):
    """They are claimed together, in the order of their events."""
    for number in range(5):
        fire(store, "zoo", number=number, targets=("a", "b"))
    fire(store, "other")

    claimed = claim(store)

    lanes = sorted(
        [owed.event.payload.get("number") for owed in each.deliveries] for each in claimed if each.deliveries[0].target
    )
    assert [[0, 1, 2, 3, 4]] * 2 == lanes
    assert 3 == len(claimed)


def test_a_lane_that_begins_is_leased_to_the_worker_that_offers_to_hold_it(store):
    """It gets the deliveries without a claim, and nobody else can claim them until the lease ends."""
    first, second = about("zoo", "l", number=1), about("zoo", "l", number=2)
    written = write(store, first, second, offered=offer("l"))

    (held,) = written.claims
    assert 2 == written.deliveries
    assert ("worker-1", "l") == (held.owner, held.listener_id)
    assert [first.event, second.event] == [owed.event for owed in held.deliveries]
    assert [] == claim(store, now=START + LEASE - timedelta(seconds=1))
    delivered = outcome(DeliveryState.DELIVERED)
    record(store, held, delivered, 0, last=False)
    record(store, held, delivered, 1)
    assert 0 == store.history.backlog().pending
    assert [] == claim(store, now=START + 9 * LEASE)


def test_a_lane_with_older_deliveries_and_one_without_room_are_not_leased(store):
    """They are claimed, so that the order is kept and no listener gets more than its share."""
    fire(store, "zoo", listener="l")
    written = write(store, about("zoo", "l", "m"), offered=offer("l"))

    assert (2, ()) == (written.deliveries, tuple(written.claims))
    assert {"l", "m"} == {each.listener_id for each in claim(store)}


def test_a_leased_delivery_is_what_was_stored_even_if_the_caller_changes_the_payload(store):
    """Otherwise the first attempt could send something else than a later one."""
    each = about("zoo", "l")
    (held,) = write(store, each, offered=offer("l")).claims

    each.event.payload["repo_id"] = "changed"

    assert "zoo" == held.deliveries[0].event.payload["repo_id"]


def test_firing_an_event_again_leases_nothing_and_leaves_no_lane(store, database_url):
    """A lane without deliveries would hold up the next event."""
    each = about("zoo", "l")
    (held,) = write(store, each, offered=offer("l")).claims
    record(store, held, outcome(DeliveryState.DELIVERED))

    again = write(store, each, offered=offer("l"))

    assert (1, ()) == (again.deliveries, tuple(again.claims))
    assert [(0,)] == execute(database_url, sa.text("SELECT count(*) FROM lanes"))


def test_many_threads_that_fire_at_once_each_get_their_own_counts(open_store):
    """Also if some of them fire the same event, and if two processes do."""
    stores = [open_store(), open_store()]
    each = [about(f"repo{number % 5}", "l", "m", number=number) for number in range(40)]
    twice = about("twice", "l", "m", "n")

    def work(number: int) -> int:
        store = stores[number % 2]
        return write(store, each[number], twice).deliveries

    with ThreadPoolExecutor(8) as pool:
        counts = list(pool.map(work, range(40)))

    assert [5] * 40 == counts
    assert 83 == Deliveries(stores[0].history).list()[0]


def test_the_same_event_from_several_threads_is_stored_once_and_leased_once(store):
    """They may even share a transaction."""
    each = about("zoo", "l", "m")

    with ThreadPoolExecutor(8) as pool:
        all_written = list(pool.map(lambda _: write(store, each, offered=offer("l", "m")), range(40)))

    assert [2] * 40 == [written.deliveries for written in all_written]
    claims = [held for written in all_written for held in written.claims]
    assert [1, 1] == [len(held.deliveries) for held in claims]
    assert {"l", "m"} == {held.listener_id for held in claims}
    assert 2 == Deliveries(store.history).list()[0]


def test_no_more_lanes_are_leased_than_the_worker_has_room_for(store):
    """A new listener gets one, however many repositories a batch is about."""
    written = write(store, *[about(f"repo{number}", "l") for number in range(20)], offered=offer("l", room=1))

    assert 1 == len(written.claims)
    assert 19 == len(claim(store, limit=100))


def test_a_batch_of_thousands_of_events_is_written_at_once(store):
    """A source hands over what it found after an outage."""
    events = [about(f"repo{number}", "l", number=number) for number in range(2500)]

    assert 2500 == write(store, *events, offered=offer("l")).deliveries
    assert 2500 == store.history.backlog().pending


def same_id(event: Event, **changes) -> OwedEvent:
    """Return another event with the id of one."""
    return OwedEvent(replace(event, **changes), [Owed("l", "http", "")])


def test_an_event_with_other_content_under_a_known_id_is_reported_with_the_digest_of_the_first(store):
    """Nothing is written, whatever of the content differs."""
    first = about("zoo", "l")
    write(store, first)
    changes = [{"type": "noise.x"}, {"payload": {"repo_id": "zoo"}}, {"call_report": None}]

    for change in changes:
        written = write(store, same_id(first.event, **change))
        assert {str(first.event.id): first.event.digest()} == written.taken

    assert 1 == Deliveries(store.history).list()[0]
    assert first.event == claim(store)[0].deliveries[0].event


def test_the_time_the_source_and_the_order_of_keys_are_not_content(store):
    """A client that repeats a request lets the server set the time."""
    first = about("zoo", "l")
    write(store, first)
    turned = dict(reversed(first.event.payload.items()))

    written = write(store, same_id(first.event, payload=turned, occurred_at=START + LEASE, source="rest"))

    assert (1, {}) == (written.deliveries, written.taken)


def test_an_id_is_known_although_no_listener_gets_the_event_any_more(store):
    """A repeat has the same number of deliveries, and another event is not mistaken for one."""
    first = about("zoo", "l", "m")
    write(store, first)

    repeated = write(store, OwedEvent(first.event, ()))
    other = write(store, OwedEvent(replace(first.event, type="noise.x"), ()))

    assert (2, {}) == (repeated.deliveries, repeated.taken)
    assert [str(first.event.id)] == list(other.taken)
    assert (0, {}) == (write(store, OwedEvent(Event("a", {}), ())).deliveries, {})


def test_two_events_with_one_id_in_a_batch_are_one_event(store):
    """The first of them counts."""
    first = about("zoo", "l")

    written = write(store, first, same_id(first.event, payload={"n": 1}), first)

    assert (1, {str(first.event.id): first.event.digest()}) == (written.deliveries, written.taken)
    assert first.event == claim(store)[0].deliveries[0].event


def test_of_events_that_are_fired_at_once_with_one_id_one_is_stored_and_all_others_are_reported(open_store):
    """They may share a transaction, or be written by two processes."""
    stores = [open_store(), open_store()]
    for number in range(20):
        first = about("zoo", "l", number=number)
        each = [same_id(first.event, payload={"n": n}) for n in range(8)]
        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(lambda n, each=each: write(stores[n % 2], each[n]), range(8)))

        kept = [position for position, written in enumerate(found) if not written.taken]
        (position,) = kept
        digests = {digest for written in found for digest in written.taken.values()}
        assert {each[position].event.digest()} == digests
    assert 20 == Deliveries(stores[0].history).list()[0]


def test_an_id_is_free_again_when_its_event_was_deleted(store):
    """History is kept for a limited time."""
    first = about("zoo", "l")
    write(store, first)
    work_off(store, claim(store)[0])
    later = START + timedelta(days=1)
    store.pruning.prune(later, later, later)

    written = write(store, same_id(first.event, payload={"n": 1}))

    assert (1, {}) == (written.deliveries, written.taken)


def test_a_failed_insert_of_many_rows_leaves_a_usable_connection_even_if_its_traceback_is_kept(store, database_url):
    """A log handler may keep it for a while."""
    batch = [about(f"repo{number}", "l") for number in range(500)]
    wrong = replace(batch[450], owed=[Owed("l", "http", None)])  # type: ignore[arg-type]

    with pytest.raises(StoreUnavailable) as kept:
        write(store, *batch[:450], wrong)

    assert 500 == write(store, *batch).deliveries
    assert kept.value.__traceback__ is not None
