"""Stored events, as people list them."""

from datetime import timedelta
from uuid import UUID

import pytest

from pulp_notifiers.event import Event
from pulp_notifiers.records import DeliveryState, Filter, Lookup, Order, Owed, OwedEvent
from pulp_notifiers.store import Store
from tests.support.memory import START
from tests.support.stored import claim, work_off

MINUTE = timedelta(minutes=1)


def event(number: int, repo: str, result: str | None, event_type: str = "repo.sync.finish") -> Event:
    """Return an event with a foreseeable id; the earlier ones occurred later."""
    payload = {"repo_id": repo, "result": result, "server": "pulp.example.com", "domain": "default"}
    return Event(event_type, payload, id=UUID(int=number << 96), occurred_at=START - number * MINUTE, source="zoo")


def write(store: Store, *events: Event, owed: tuple[Owed, ...] = ()) -> None:
    """Write events in one transaction."""
    batch = [OwedEvent(each, owed, kept=True) for each in events]
    assert store.outbox.add_all(batch, store.listeners.latest_revision(), START) is not None


@pytest.fixture
def filled(store: Store) -> Store:
    """Return a store with four events; the second has deliveries."""
    write(store, event(1, "prod-a", "success"))
    write(store, event(2, "prod-b", "failed"), owed=tuple(Owed("l", "http", target) for target in "abc"))
    write(store, event(3, "test-a", "failed"), event(4, "prod-a", None, "repo.publish.start"))
    work_off(store, claim(store, limit=1)[0])
    return store


def found(store: Store, *filters: Filter, orders: tuple[Order, ...] = (), limit: int = 9, offset: int = 0):
    """Return the count, and the numbers of the events of a page."""
    count, rows = store.events.list(filters, orders, limit, offset)
    return count, [UUID(row.id).int >> 96 for row in rows]


def test_events_are_listed_newest_first_in_pages(filled):
    """Those of one transaction are in their order."""
    assert (4, [4, 3, 2, 1]) == found(filled)
    assert (4, [3, 2]) == found(filled, limit=2, offset=1)


@pytest.mark.parametrize(
    ("wanted", "numbers"),
    [
        (Filter("type", Lookup.EXACT, "repo.publish.start"), {4}),
        (Filter("type", Lookup.IN, ("repo.publish.start", "x")), {4}),
        (Filter("type", Lookup.STARTSWITH, "repo.sync."), {1, 2, 3}),
        (Filter("repo_id", Lookup.EXACT, "prod-a"), {1, 4}),
        (Filter("repo_id", Lookup.IN, ("prod-b", "test-a")), {2, 3}),
        (Filter("repo_id", Lookup.CONTAINS, "-a"), {1, 3, 4}),
        (Filter("repo_id", Lookup.STARTSWITH, "prod"), {1, 2, 4}),
        (Filter("server", Lookup.EXACT, "pulp.example.com"), {1, 2, 3, 4}),
        (Filter("domain", Lookup.EXACT, "other"), set()),
        (Filter("result", Lookup.EXACT, "failed"), {2, 3}),
        (Filter("result", Lookup.ISNULL, True), {4}),
        (Filter("id", Lookup.STARTSWITH, "00000002-00"), {2}),
        (Filter("source", Lookup.EXACT, "zoo"), {1, 2, 3, 4}),
        (Filter("occurred_at", Lookup.GTE, START - 2 * MINUTE), {1, 2}),
        (Filter("occurred_at", Lookup.LT, START - 3 * MINUTE), {4}),
        (Filter("stored_at", Lookup.LT, START), set()),
    ],
)
def test_each_filter_selects_its_events(filled, wanted, numbers):
    """The count is that of all pages."""
    count, ids = found(filled, wanted)

    assert (len(numbers), numbers) == (count, set(ids))


def test_all_filters_must_match_and_the_order_can_be_chosen(filled):
    """Such as failures of production, and what occurred first."""
    failed, production = Filter("result", Lookup.EXACT, "failed"), Filter("repo_id", Lookup.STARTSWITH, "prod")

    assert (1, [2]) == found(filled, failed, production)
    assert (4, [4, 3, 2, 1]) == found(filled, orders=(Order("occurred_at"),))
    assert (4, [1, 2, 3, 4]) == found(filled, orders=(Order("occurred_at", descending=True),))


def test_an_event_is_shown_with_what_was_fired_and_its_deliveries_by_state(filled):
    """There is none with an unknown id."""
    stored, fired = filled.events.get(str(UUID(int=2 << 96)))

    assert {DeliveryState.DELIVERED: 1, DeliveryState.PENDING: 2} == stored.deliveries
    assert event(2, "prod-b", "failed").body() == fired.body()
    assert (START - 2 * MINUTE, "zoo") == (fired.occurred_at, fired.source)
    assert filled.events.get(str(UUID(int=9))) is None


def test_the_deliveries_of_an_event_are_counted_by_listener(filled):
    """An event that nobody got has none."""
    assert {"l": 3} == filled.events.deliveries_by_listener(str(UUID(int=2 << 96)))
    assert {} == filled.events.deliveries_by_listener(str(UUID(int=1 << 96)))


def test_ten_thousand_events_are_listed_completely_page_by_page(store):
    """No event is on two pages, and none is on no page."""
    for start in range(0, 10_000, 1000):
        write(store, *(Event("repo.sync.finish", {"repo_id": f"r{start + number}"}) for number in range(1000)))

    pages = [store.events.list((), (), 1000, offset) for offset in range(0, 11_000, 1000)]

    assert {10_000} == {count for count, _ in pages}
    assert {f"r{number}" for number in range(10_000)} == {row.repo_id for _, rows in pages for row in rows}
    assert [1000] * 10 + [0] == [len(rows) for _, rows in pages]
