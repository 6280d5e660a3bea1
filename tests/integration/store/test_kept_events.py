"""Events that are stored although nobody gets them."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import sqlalchemy as sa

from pulp_notifiers.errors import LeaseLost
from pulp_notifiers.event import Event
from pulp_notifiers.records import Kept, Owed, OwedEvent
from pulp_notifiers.store import Store, schema
from tests.support.memory import START
from tests.support.stored import execute

COLUMNS = ("type", "repo_id", "server", "domain", "result")


def keep(store: Store, *events: Event, kept: Kept | None = None):
    """Write events that nobody gets; return what was written."""
    batch = [OwedEvent(event, (), kept=True) for event in events]
    return store.outbox.add_all(batch, store.listeners.latest_revision(), START, kept)


def stored(database_url: str, *columns: str) -> list[tuple]:
    """Return columns of the events in the order in which they were stored."""
    table = schema.events
    query = sa.select(*(table.c[name] for name in columns)).order_by(table.c.stored_at)
    return [tuple(row) for row in execute(database_url, query)]


def test_a_kept_event_is_stored_once_and_others_are_not(store, database_url):
    """An event that is neither owed nor kept leaves no trace."""
    event = Event("repo.sync.finish", {"repo_id": "zoo"})
    batch = [OwedEvent(event, (), kept=True), OwedEvent(Event("task.error", {}), ())]

    for _ in range(2):
        written = store.outbox.add_all(batch, store.listeners.latest_revision(), START)

        assert (0, {}) == (written.deliveries, written.taken)

    assert [(str(event.id),)] == stored(database_url, "id")


def test_a_kept_event_takes_its_id(store):
    """Another event with the same id is refused, as with one that has deliveries."""
    event = Event("repo.sync.finish", {"repo_id": "zoo"})
    keep(store, event)

    other = keep(store, Event("repo.sync.finish", {"repo_id": "other"}, id=event.id))

    assert {str(event.id): event.digest()} == other.taken


def test_a_kept_event_that_is_fired_again_is_not_owed_to_a_listener_registered_since(store):
    """Firing an event again adds nothing."""
    event = Event("repo.sync.finish", {"repo_id": "zoo"})
    keep(store, event)
    again = OwedEvent(event, [Owed("l", "http", "")], kept=True)

    written = store.outbox.add_all([again], store.listeners.latest_revision(), START)

    assert 0 == written.deliveries


def test_kept_events_of_an_older_revision_are_not_written(store, database_url):
    """A listener registered meanwhile may match them."""
    batch = [OwedEvent(Event("repo.sync.finish", {}), (), kept=True)]

    assert store.outbox.add_all(batch, store.listeners.latest_revision() - 1, START) is None
    assert [] == stored(database_url, "id")


def test_kept_events_of_a_source_without_its_lease_are_not_written(store, database_url):
    """Another process runs the source now."""
    with pytest.raises(LeaseLost):
        keep(store, Event("repo.sync.finish", {}), kept=Kept("f" * 24, "nobody", {"cursor": 1}))

    assert [] == stored(database_url, "id")


def test_many_kept_events_are_written_in_several_transactions_in_their_order(store, database_url):
    """The times at which they were stored say the order."""
    events = [Event("repo.sync.finish", {"repo_id": f"r{number:04}"}) for number in range(2500)]

    keep(store, *events)

    assert [(event.payload["repo_id"],) for event in events] == stored(database_url, "repo_id")


def test_an_event_that_many_threads_fire_is_kept_once(store, database_url):
    """They share transactions."""
    events = [Event("repo.sync.finish", {"number": number}) for number in range(20)]

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: keep(store, events[number % 20]), range(160)))

    assert {(str(event.id),) for event in events} == set(stored(database_url, "id"))


@pytest.mark.parametrize(
    ("payload", "columns"),
    [
        (
            {"repo_id": "zoo", "server": "a.example", "domain": "d", "result": "failed"},
            ("zoo", "a.example", "d", "failed"),
        ),
        ({}, (None, None, None, None)),
        ({"repo_id": 7, "server": ["a"], "domain": None, "result": {"a": 1}}, (None, None, None, None)),
        ({"repo_id": "a\0b", "server": "\ud800x", "domain": "☎", "result": ""}, ("a\ufffdb", "\ufffdx", "☎", "")),
        ({"repo_id": "é" * 300, "server": "x" * 255}, ("é" * 256, "x" * 255, None, None)),
        (
            {"repo_id": "\U0001f4a9" * 128, "server": "'; DROP TABLE events; --"},
            ("\U0001f4a9" * 128, "'; DROP TABLE events; --", None, None),
        ),
    ],
)
def test_columns_have_the_texts_of_the_payload_whatever_they_are(store, database_url, payload, columns):
    """The payload itself stays as it is."""
    event = Event("repo.sync.finish", payload)

    keep(store, event)

    assert [("repo.sync.finish", *columns)] == stored(database_url, *COLUMNS)
    assert [(START,)] == [(row[0],) for row in stored(database_url, "stored_at")]


def test_a_stored_time_is_that_of_the_clock_of_the_store(store, database_url):
    """When the event occurred is another matter."""
    keep(store, Event("repo.sync.finish", {}, occurred_at=START - timedelta(days=400)))

    assert [(START, START - timedelta(days=400))] == stored(database_url, "stored_at", "occurred_at")
