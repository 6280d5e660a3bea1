"""What is old is deleted."""

from datetime import datetime, timedelta

import sqlalchemy as sa

from pulp_notifiers.event import Event
from pulp_notifiers.records import DeliveryState, Owed, OwedEvent, Pruned
from pulp_notifiers.store import Store, schema
from tests.support.memory import START
from tests.support.stored import claim, execute, fire, work_off

NOW = START
TICK = timedelta(microseconds=1)
TABLES = (schema.events, schema.deliveries, schema.attempts)


def keep(store: Store, *events: Event, now: datetime = NOW) -> None:
    """Write events that nobody gets."""
    batch = [OwedEvent(event, (), kept=True) for event in events]
    assert store.outbox.add_all(batch, store.listeners.latest_revision(), now) is not None


def counts(database_url: str) -> list[int]:
    """Return how many events, deliveries and attempts are stored."""
    return [len(execute(database_url, sa.select(table))) for table in TABLES]


def about(repo: str = "zoo", event_type: str = "repo.sync.finish") -> Event:
    """Return an event about a repository."""
    return Event(event_type, {"repo_id": repo})


def test_pruning_deletes_what_ended_long_ago_with_its_events_and_attempts(store, database_url):
    """Pending deliveries are never deleted."""
    fire(store, "delivered")
    work_off(store, claim(store)[0])
    fire(store, "dead")
    work_off(store, claim(store)[0], DeliveryState.DEAD)
    fire(store, "pending")
    later = NOW + timedelta(days=1)

    assert Pruned(1, 0) == store.pruning.prune(delivered_before=later, dead_before=NOW, events_before=later)
    assert Pruned(1, 0) == store.pruning.prune(delivered_before=later, dead_before=later, events_before=later)
    assert Pruned(0, 0) == store.pruning.prune(delivered_before=later, dead_before=later, events_before=later)

    assert [1, 1, 0] == counts(database_url)


def test_a_kept_event_is_deleted_once_it_is_older_than_the_time_not_at_it(store, database_url):
    """Its age is that of its row: when it occurred does not matter."""
    keep(store, about(), Event("repo.sync.finish", {}, occurred_at=NOW - timedelta(days=900)))

    assert Pruned(0, 0) == store.pruning.prune(NOW, NOW, events_before=NOW)
    assert Pruned(0, 1) == store.pruning.prune(NOW, NOW, events_before=NOW + TICK)
    assert [1, 0, 0] == counts(database_url)
    assert Pruned(0, 1) == store.pruning.prune(NOW, NOW, events_before=NOW + 2 * TICK)
    assert [0, 0, 0] == counts(database_url)


def test_a_repository_event_outlives_its_deliveries_and_other_events_do_not(store, database_url):
    """A later round deletes it."""
    for event in (about(), Event("task.error", {}), Event("other.type", {})):
        fire(store, event=event)
    for claimed in claim(store):
        work_off(store, claimed)
    later = NOW + timedelta(days=1)

    assert Pruned(3, 0) == store.pruning.prune(later, later, events_before=NOW)

    assert ["repo.sync.finish"] == [row.type for row in execute(database_url, sa.select(schema.events))]
    assert Pruned(0, 1) == store.pruning.prune(later, later, events_before=later)


def test_an_old_event_that_still_has_a_delivery_goes_with_it(store, database_url):
    """A dead letter is kept longer than events."""
    fire(store, event=about("dead"))
    work_off(store, claim(store)[0], DeliveryState.DEAD)
    keep(store, about("kept"))
    later = NOW + timedelta(days=1)

    assert Pruned(0, 1) == store.pruning.prune(later, NOW, events_before=later)
    assert [1, 1, 1] == counts(database_url)
    assert Pruned(1, 0) == store.pruning.prune(later, later, events_before=later)
    assert [0, 0, 0] == counts(database_url)


def test_many_old_events_are_deleted_in_bounded_transactions_past_those_that_have_deliveries(store, database_url):
    """Each call deletes a part of them; the next round begins at the oldest again."""
    revision = store.listeners.latest_revision()
    batch = [
        OwedEvent(about(f"r{number}"), [] if number % 5 else [Owed("l", "http", "")], kept=True)
        for number in range(3000)
    ]
    store.outbox.add_all(batch, revision, NOW)
    later = NOW + timedelta(days=1)

    rounds = [store.pruning.prune(NOW, NOW, events_before=later) for _ in range(4)]

    assert [1000, 1000, 400, 0] == [each.events for each in rounds]
    assert [600, 600, 0] == counts(database_url)
    keep(store, about())
    assert Pruned(0, 1) == store.pruning.prune(NOW, NOW, events_before=later)


def test_an_event_that_a_process_of_the_release_before_wrote_is_deleted_with_its_last_delivery(store, database_url):
    """Its row has the column's default for the time."""
    fire(store, event=about())
    execute(database_url, sa.update(schema.events).values(stored_at=sa.text("'1970-01-01 00:00:00.000000'")))
    work_off(store, claim(store)[0])
    later = NOW + timedelta(days=1)

    assert Pruned(1, 0) == store.pruning.prune(later, later, events_before=NOW - timedelta(days=14))

    assert [0, 0, 0] == counts(database_url)
