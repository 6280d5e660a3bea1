"""Short ways for tests to write events into a store, to claim deliveries, and to record outcomes."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from pulp_notifiers.event import Event
from pulp_notifiers.records import Attempt, Attempted, Claim, DeliveryState, LaneState, Outcome, Owed, OwedEvent
from pulp_notifiers.store import Store
from tests.support.memory import START

LEASE = timedelta(seconds=30)


def add(
    store: Store, event: Event, owed: Sequence[Owed], revision: int | None = None, ended: Sequence[str] = ()
) -> int | None:
    """Write one event for the listeners' current revision, or for the one given."""
    known = store.listeners.latest_revision() if revision is None else revision
    written = store.outbox.add_all([OwedEvent(event, owed, ended)], known, START)
    return None if written is None else written.deliveries


def fire(
    store: Store,
    repo: str = "zoo",
    listener: str = "l",
    targets: Sequence[str] = ("",),
    event: Event | None = None,
    **payload: Any,
) -> Event:
    """Write an event about a repository that is owed to some targets of one listener."""
    event = event or Event("repo.sync.start", {"repo_id": repo, **payload}, occurred_at=START)
    assert add(store, event, [Owed(listener, "http", target) for target in targets]) is not None
    return event


def claim(store: Store, limit: int = 10, now: datetime = START, except_listeners: Collection[str] = ()) -> list[Claim]:
    """Claim lanes that are due."""
    return list(store.claims.claim(now, now + LEASE, limit, except_listeners).claims)


def next_due(store: Store) -> datetime | None:
    """Return when the earliest lane that nobody holds is due."""
    return store.claims.claim(START, START, limit=0).next_due


def outcome(state: DeliveryState, number: int = 1, error: str | None = None, due_at: datetime | None = None) -> Outcome:
    """Return the outcome of an attempt that took a second."""
    return Outcome(state, Attempt(number, START, START + timedelta(seconds=1), error), due_at)


def record(store: Store, claimed: Claim, result: Outcome, number: int = 0, last: bool = True) -> LaneState:
    """Record the outcome of one of a claim's deliveries."""
    (state,) = store.claims.record([Attempted(claimed, claimed.deliveries[number], result, last)], START)
    return state


def work_off(store: Store, claimed: Claim, state: DeliveryState = DeliveryState.DELIVERED) -> None:
    """Record the same outcome for every delivery of a claim."""
    for number in range(len(claimed.deliveries)):
        last = number == len(claimed.deliveries) - 1
        assert LaneState.LOST is not record(store, claimed, outcome(state), number, last)


def execute(database_url: str, statement: sa.Executable, parameters: Any = None) -> list[Any]:
    """Return the rows of a statement that is executed beside the product, on a connection of its own."""
    engine = sa.create_engine(database_url)
    try:
        with engine.begin() as connection:
            result = connection.execute(statement, parameters)
            return list(result) if result.returns_rows else []
    finally:
        engine.dispose()
