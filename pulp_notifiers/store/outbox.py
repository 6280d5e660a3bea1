"""The outbox: events, and the deliveries owed for them.

Statements that run for each event are built once: building one takes five times as long as running it (147 against
29 microseconds, SQLAlchemy 2.1 on SQLite).
"""

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from ..encoding import dumps
from ..event import Event
from ..records import DeliveryState, Kept, Owed, OwedEvent
from . import schema
from .database import Database
from .listeners import end, revision
from .source_memory import SourceMemory

_COUNT = (
    sa.select(sa.func.count())
    .select_from(schema.deliveries)
    .where(schema.deliveries.c.event_id == sa.bindparam("event_id"))
)
_INSERT_DELIVERIES = schema.deliveries.insert()


class Outbox:
    """Writes events together with their deliveries.

    A *lane* is what one listener's target is owed about one subject. Its row exists as long as one of its deliveries is
    pending, and it is what a worker claims. So a claim costs the same however many deliveries wait behind the first,
    and a transaction that adds to a lane and one that finishes it take turns on its row.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._memory = SourceMemory(database)
        self._insert_event = database.insert(schema.events).on_conflict_do_nothing().returning(schema.events.c.id)
        lane = database.insert(schema.lanes)
        # The update changes nothing; it locks the row, so that a worker cannot finish the lane meanwhile.
        locking_the_row = lane.on_conflict_do_update(index_elements=["key"], set_={"key": lane.excluded.key})
        self._upsert_lane = locking_the_row.returning(schema.lanes.c.id)

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
        values = [_event_values(each.event) for each in relevant]

        def work(connection: sa.Connection) -> int | None:
            if batch and revision(connection) != listeners_revision:
                return None
            if kept is not None:
                self._memory.keep(connection, kept)
            return self._write(connection, relevant, values, now)

        return self._database.write(work)

    def _nothing(self, connection: sa.Connection, listeners_revision: int, kept: Kept | None) -> int | None:
        # A source never repeats events that no listener gets, so only the holder of its lease may skip them.
        if kept is not None:
            self._memory.require_lease(connection, kept)
        return 0 if revision(connection) == listeners_revision else None

    def _write(
        self, connection: sa.Connection, batch: Sequence[OwedEvent], values: Sequence[dict[str, Any]], now: datetime
    ) -> int:
        stored_already = 0
        new = []
        for each, row in zip(batch, values, strict=True):
            if each.owed and connection.execute(self._insert_event, row).first() is None:
                stored_already += int(connection.execute(_COUNT, {"event_id": row["id"]}).scalar_one())
            else:
                new.append(each)
        # Before the lanes are locked: deleting a listener does it in this order too.
        end(connection, [listener_id for each in new for listener_id in each.ended], now)
        return stored_already + self._insert_deliveries(connection, new, now)

    def _insert_deliveries(self, connection: sa.Connection, batch: Sequence[OwedEvent], now: datetime) -> int:
        owed = [(each.event, target, _lane_key(target, each.event.subject())) for each in batch for target in each.owed]
        listener_ids = {key: target.listener_id for _, target, key in owed}
        # In the order of the keys, so that two transactions for the same listeners cannot deadlock.
        lanes = {key: self._lane(connection, key, listener_ids[key], now) for key in sorted(listener_ids)}
        rows = [
            {
                "event_id": str(event.id),
                "listener_id": target.listener_id,
                "notifier_type": target.notifier_type,
                "target": target.target,
                "lane_id": lanes[key],
                "state": DeliveryState.PENDING,
                "attempts": 0,
                "created_at": now,
            }
            for event, target, key in owed
        ]
        if rows:
            connection.execute(_INSERT_DELIVERIES, rows)
        return len(rows)

    def _lane(self, connection: sa.Connection, key: str, listener_id: str, now: datetime) -> int:
        values = {"key": key, "listener_id": listener_id, "due_at": now}
        return int(connection.execute(self._upsert_lane, values).scalar_one())


def _event_values(event: Event) -> dict[str, Any]:
    return {
        "id": str(event.id),
        "type": event.type,
        "payload": dumps(event.payload),
        "call_report": None if event.call_report is None else dumps(event.call_report),
        "occurred_at": event.occurred_at,
        "source": event.source,
    }


def _lane_key(owed: Owed, subject: str) -> str:
    # A digest, because repository ids and addresses may have any length and contain characters that PostgreSQL refuses.
    return hashlib.sha256(json.dumps([owed.listener_id, owed.target, subject]).encode()).hexdigest()
