"""The outbox: events, and the deliveries owed for them."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import chain
from typing import Any

import sqlalchemy as sa

from ..event import Event
from ..records import DeliveryState, Kept, Owed, OwedEvent
from .database import Database
from .listeners import ListenerState
from .source_memory import SourceMemory

_INSERT_EVENT = """
    INSERT INTO events (id, type, payload, call_report, occurred_at, source)
    VALUES (:id, :type, :payload, :call_report, :occurred_at, :source)
    ON CONFLICT DO NOTHING RETURNING id
"""
# The update changes nothing; it locks the row, so that a worker cannot finish the lane meanwhile. The column is one
# without an index, which SQLite would write again.
_UPSERT_LANE = """
    INSERT INTO lanes (key, listener_id, due_at) VALUES (:key, :listener_id, :due_at)
    ON CONFLICT (key) DO UPDATE SET lease_owner = lanes.lease_owner RETURNING id
"""
_INSERT_DELIVERY = """
    INSERT INTO deliveries (event_id, listener_id, notifier_type, target, lane_id, state, attempts, created_at)
    VALUES (:event_id, :listener_id, :notifier_type, :target, :lane_id, :state, 0, :created_at)
"""
_COUNT = "SELECT count(*) FROM deliveries WHERE event_id = :event_id"

_KEYS_REMEMBERED = 4096
"""A key takes 9 microseconds, and most events are about a repository that had one before."""


@dataclass(frozen=True, slots=True)
class _Addition:
    """What one call of :meth:`Outbox.add_all` writes.

    :ivar listeners_revision: None if there was no event, and so nothing that depends on listeners.
    """

    events: Sequence[OwedEvent]
    rows: Sequence[dict[str, Any]]
    listeners_revision: int | None
    now: datetime
    kept: Kept | None

    @property
    def ends_listeners(self) -> bool:
        return any(each.ended for each in self.events)


class Outbox:
    """Writes events together with their deliveries.

    A *lane* is what one listener's target is owed about one subject. Its row exists as long as one of its deliveries is
    pending, and it is what a worker claims. So a claim costs the same however many deliveries wait behind the first,
    and a transaction that adds to a lane and one that finishes it take turns on its row.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._memory = SourceMemory(database)
        self._listeners = ListenerState(database)
        self._insert_event = database.statement(_INSERT_EVENT)
        self._upsert_lane = database.statement(_UPSERT_LANE)
        self._insert_delivery = database.statement(_INSERT_DELIVERY)
        self._count = database.statement(_COUNT)

    def add_all(
        self, batch: Sequence[OwedEvent], listeners_revision: int, now: datetime, kept: Kept | None = None
    ) -> int | None:
        """Write events, one delivery for each of their targets, and what a source remembers: all of it or nothing.

        An event whose id is stored already adds nothing, and an event that no listener gets is not stored.

        :return: how many deliveries the events have; None if listeners changed since the revision by which ``owed``
            was chosen, and nothing was written.
        :raises LeaseLost: the owner no longer holds the source's lease.
        """
        relevant = [each for each in batch if each.owed or each.ended]
        if not relevant and (kept is None or not kept.remember):
            return self._database.read(lambda connection: self._nothing(connection, listeners_revision, kept))
        rows = [_event_row(each.event) for each in relevant]
        addition = _Addition(relevant, rows, listeners_revision if batch else None, now, kept)
        return self._database.write_together(self._add, addition)

    def _nothing(self, connection: sa.Connection, listeners_revision: int, kept: Kept | None) -> int | None:
        # A source never repeats events that no listener gets, so only the holder of its lease may skip them.
        if kept is not None:
            self._memory.require_lease(connection, kept)
        return 0 if self._listeners.revision(connection) == listeners_revision else None

    def _add(self, connection: sa.Connection, additions: Sequence[_Addition]) -> list[int | None]:
        results: list[int | None] = []
        for together in _until_listeners_end(additions):
            revision = self._listeners.revision(connection)
            current = [each for each in together if each.listeners_revision in (None, revision)]
            written = dict(zip(map(id, current), self._write(connection, current), strict=True))
            results += [written.get(id(each)) for each in together]
        return results

    def _write(self, connection: sa.Connection, additions: Sequence[_Addition]) -> list[int]:
        # In the order of their ids, so that two transactions cannot deadlock.
        for kept in sorted((each.kept for each in additions if each.kept), key=lambda kept: kept.source_id):
            self._memory.keep(connection, kept)
        rows = {
            id(each): row
            for addition in additions
            for each, row in zip(addition.events, addition.rows, strict=True)
            if each.owed
        }
        inserted = self._insert_event.first_of_each(connection, list(rows.values()))
        known = {key for key, row in zip(rows, inserted, strict=True) if row is None}
        new = [(addition.now, [each for each in addition.events if id(each) not in known]) for addition in additions]
        # Before the lanes are locked: deleting a listener does it in this order too.
        for now, events in new:
            self._listeners.end(connection, [listener_id for each in events for listener_id in each.ended], now)
        counts = self._insert_deliveries(connection, new)
        return [
            count + sum(self._count_of(connection, each) for each in addition.events if id(each) in known)
            for addition, count in zip(additions, counts, strict=True)
        ]

    def _insert_deliveries(
        self, connection: sa.Connection, additions: Sequence[tuple[datetime, Sequence[OwedEvent]]]
    ) -> list[int]:
        owed = [
            [
                (now, each.event, target, _lane_key(target, each.event.subject()))
                for each in events
                for target in each.owed
            ]
            for now, events in additions
        ]
        lanes: dict[str, dict[str, Any]] = {}
        for now, _, target, key in chain.from_iterable(owed):
            lanes.setdefault(key, {"key": key, "listener_id": target.listener_id, "due_at": now})
        # In the order of the keys, so that two transactions for the same listeners cannot deadlock.
        keys = sorted(lanes)
        found = self._upsert_lane.first_of_each(connection, [lanes[key] for key in keys])
        lane_ids = {key: row[0] for key, row in zip(keys, found, strict=True) if row is not None}
        rows = [
            {
                "event_id": str(event.id),
                "listener_id": target.listener_id,
                "notifier_type": target.notifier_type,
                "target": target.target,
                "lane_id": lane_ids[key],
                "state": DeliveryState.PENDING,
                "created_at": now,
            }
            for now, event, target, key in chain.from_iterable(owed)
        ]
        self._insert_delivery.run_each(connection, rows)
        return list(map(len, owed))

    def _count_of(self, connection: sa.Connection, each: OwedEvent) -> int:
        ((count,),) = self._count.run(connection, event_id=str(each.event.id))
        return int(count)


def _until_listeners_end(additions: Sequence[_Addition]) -> Iterable[list[_Addition]]:
    # What ends listeners raises their revision, and what comes after it was chosen before.
    together: list[_Addition] = []
    for addition in additions:
        together.append(addition)
        if addition.ends_listeners:
            yield together
            together = []
    if together:
        yield together


def _event_row(event: Event) -> dict[str, Any]:
    payload, call_report = event.encoded()
    return {
        "id": str(event.id),
        "type": event.type,
        "payload": payload,
        "call_report": call_report,
        "occurred_at": event.occurred_at,
        "source": event.source,
    }


@lru_cache(_KEYS_REMEMBERED)
def _lane_key(owed: Owed, subject: str) -> str:
    # A digest, because repository ids and addresses may have any length and contain characters that PostgreSQL refuses.
    return hashlib.sha256(json.dumps([owed.listener_id, owed.target, subject]).encode()).hexdigest()
