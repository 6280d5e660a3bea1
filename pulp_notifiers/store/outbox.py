"""The outbox: events, what is owed of them, and the lanes in which workers pay it.

A *lane* is what one listener's target is owed about one subject. Its row exists as long as something in it is
pending, and it is what a worker claims: so a claim costs the same however many deliveries wait behind the first, and
whoever adds to a lane and whoever finishes it take turns on its row.
"""

import hashlib
import json
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from ..encoding import dumps
from ..event import Event
from ..records import Claim, DeliveryState, Outcome, Owed, OwedDelivery
from . import schema
from .database import Database
from .listeners import revision

_RUN_LENGTH = 20
"""Deliveries of one lane that one claim brings along at most."""


class Outbox:
    """Writes events with their deliveries, hands lanes to workers, and keeps what came of each attempt."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, event: Event, owed: Sequence[Owed], listeners_revision: int, now: datetime) -> int | None:
        """Write an event and one delivery for each target; return how many deliveries the event has.

        An event id that is there already adds nothing, and an event that nobody is owed is not kept. None means that
        listeners changed since the revision by which ``owed`` was chosen, and nothing was written.
        """
        if not owed:
            return 0 if self._database.read(revision) == listeners_revision else None

        def work(connection: sa.Connection) -> int | None:
            if revision(connection) != listeners_revision:
                return None
            if not self._insert_event(connection, event):
                return self._count_of(connection, event)
            self._insert_deliveries(connection, event, owed, now)
            return len(owed)

        return self._database.write(work)

    def claim(self, now: datetime, until: datetime, limit: int, except_listeners: Collection[str] = ()) -> list[Claim]:
        """Take due lanes that nobody holds, oldest first, for as long as the lease runs."""
        owner = uuid4().hex

        def work(connection: sa.Connection) -> list[Claim]:
            taken = self._take_lanes(connection, now, limit, except_listeners)
            if not taken:
                return []
            lanes = schema.lanes
            connection.execute(
                lanes.update()
                .where(lanes.c.id.in_([row.id for row in taken]))
                .values(lease_owner=owner, lease_until=until)
            )
            return [Claim(row.id, owner, row.listener_id, self._pending(connection, row.id)) for row in taken]

        return self._database.write(work)

    def renew(self, claims: Iterable[Claim], until: datetime) -> None:
        """Prolong leases; those that were lost stay lost."""
        self._set_leases(claims, lease_until=until)

    def release(self, claims: Iterable[Claim]) -> None:
        """Give lanes back with nothing said about their deliveries."""
        self._set_leases(claims, lease_owner=None, lease_until=None)

    def record(self, claim: Claim, delivery: OwedDelivery, outcome: Outcome, now: datetime, last: bool) -> bool:
        """Keep what came of an attempt; after the last one of a claim, or when the delivery stays pending, give the
        lane back. Return False, with nothing written, when the lease was lost meanwhile.
        """

        def work(connection: sa.Connection) -> bool:
            if not self._holds(connection, claim):
                return False
            self._keep_attempt(connection, delivery, outcome)
            if last or outcome.state is DeliveryState.PENDING:
                self._leave_lane(connection, claim.lane, outcome.due_at or now)
            return True

        return self._database.write(work)

    def next_due(self) -> datetime | None:
        """Return when the earliest lane that nobody holds is due."""
        query = sa.select(sa.func.min(schema.lanes.c.due_at)).where(schema.lanes.c.lease_owner.is_(None))
        found: datetime | None = self._database.read(lambda connection: connection.execute(query).scalar_one())
        return found

    def _insert_event(self, connection: sa.Connection, event: Event) -> bool:
        values = {
            "id": str(event.id),
            "type": event.type,
            "payload": dumps(event.payload),
            "call_report": None if event.call_report is None else dumps(event.call_report),
            "occurred_at": event.occurred_at,
            "source": event.source,
        }
        return connection.execute(self._insert(schema.events).values(values).on_conflict_do_nothing()).rowcount == 1

    @staticmethod
    def _count_of(connection: sa.Connection, event: Event) -> int:
        owed = schema.deliveries
        return int(
            connection.execute(
                sa.select(sa.func.count()).select_from(owed).where(owed.c.event_id == str(event.id))
            ).scalar_one()
        )

    def _insert_deliveries(
        self, connection: sa.Connection, event: Event, owed: Sequence[Owed], now: datetime
    ) -> None:
        # In the order of the keys, so that two events for the same listeners cannot wait for each other.
        keyed = sorted((_lane_key(each, event.subject()), each) for each in owed)
        rows = [
            {
                "event_id": str(event.id),
                "listener_id": each.listener_id,
                "notifier_type": each.notifier_type,
                "target": each.target,
                "lane_id": self._lane(connection, key, each.listener_id, now),
                "state": DeliveryState.PENDING,
                "attempts": 0,
                "created_at": now,
            }
            for key, each in keyed
        ]
        connection.execute(schema.deliveries.insert(), rows)

    def _lane(self, connection: sa.Connection, key: str, listener_id: str, now: datetime) -> int:
        insert = self._insert(schema.lanes).values(key=key, listener_id=listener_id, due_at=now)
        # The update changes nothing; it takes the row, so that a worker cannot finish the lane meanwhile.
        upsert = insert.on_conflict_do_update(index_elements=["key"], set_={"key": insert.excluded.key})
        return int(connection.execute(upsert.returning(schema.lanes.c.id)).scalar_one())

    @staticmethod
    def _take_lanes(
        connection: sa.Connection, now: datetime, limit: int, except_listeners: Collection[str]
    ) -> Sequence[Any]:
        lanes = schema.lanes
        free = sa.or_(lanes.c.lease_until.is_(None), lanes.c.lease_until <= now)
        query = sa.select(lanes.c.id, lanes.c.listener_id).where(lanes.c.due_at <= now, free)
        if except_listeners:
            query = query.where(lanes.c.listener_id.not_in(except_listeners))
        return connection.execute(
            query.order_by(lanes.c.due_at, lanes.c.id).limit(limit).with_for_update(skip_locked=True)
        ).all()

    @staticmethod
    def _pending(connection: sa.Connection, lane: int) -> tuple[OwedDelivery, ...]:
        owed, events = schema.deliveries, schema.events
        query = (
            sa.select(owed.c.id, owed.c.target, owed.c.attempts, *events.c)
            .join(events, events.c.id == owed.c.event_id)
            .where(owed.c.lane_id == lane, owed.c.state == DeliveryState.PENDING)
            .order_by(owed.c.id)
            .limit(_RUN_LENGTH)
        )
        return tuple(
            OwedDelivery(row[0], _event(row), row.target, row.attempts) for row in connection.execute(query)
        )

    def _set_leases(self, claims: Iterable[Claim], **values: Any) -> None:
        held = [(claim.lane, claim.owner) for claim in claims]
        if not held:
            return
        lanes = schema.lanes
        update = lanes.update().where(sa.tuple_(lanes.c.id, lanes.c.lease_owner).in_(held)).values(**values)
        self._database.write(lambda connection: connection.execute(update))

    @staticmethod
    def _holds(connection: sa.Connection, claim: Claim) -> bool:
        lanes = schema.lanes
        query = sa.select(lanes.c.id).where(lanes.c.id == claim.lane, lanes.c.lease_owner == claim.owner)
        return connection.execute(query.with_for_update()).one_or_none() is not None

    @staticmethod
    def _keep_attempt(connection: sa.Connection, delivery: OwedDelivery, outcome: Outcome) -> None:
        owed, attempt = schema.deliveries, outcome.attempt
        connection.execute(
            schema.attempts.insert().values(
                delivery_id=delivery.id,
                number=attempt.number,
                started_at=attempt.started_at,
                finished_at=attempt.finished_at,
                error=attempt.error,
            )
        )
        ended = outcome.state is not DeliveryState.PENDING
        values: dict[str, Any] = {
            "state": outcome.state,
            "attempts": attempt.number,
            "finished_at": attempt.finished_at if ended else None,
        }
        if attempt.error is not None:
            values["last_error"] = attempt.error
        connection.execute(owed.update().where(owed.c.id == delivery.id).values(**values))

    @staticmethod
    def _leave_lane(connection: sa.Connection, lane: int, due_at: datetime) -> None:
        lanes, owed = schema.lanes, schema.deliveries
        pending = sa.select(owed.c.id).where(owed.c.lane_id == lane, owed.c.state == DeliveryState.PENDING).limit(1)
        if connection.execute(pending).first() is None:
            connection.execute(lanes.delete().where(lanes.c.id == lane))
        else:
            connection.execute(
                lanes.update().where(lanes.c.id == lane).values(due_at=due_at, lease_owner=None, lease_until=None)
            )

    def _insert(self, table: sa.Table) -> Any:
        return sqlite.insert(table) if self._database.dialect == "sqlite" else postgresql.insert(table)


def _lane_key(owed: Owed, subject: str) -> str:
    # A digest, because repository ids and addresses may be of any length and hold characters that PostgreSQL refuses.
    return hashlib.sha256(json.dumps([owed.listener_id, owed.target, subject]).encode()).hexdigest()


def _event(row: Any) -> Event:
    return Event(
        type=row.type,
        payload=json.loads(row.payload),
        call_report=None if row.call_report is None else json.loads(row.call_report),
        id=UUID(row.id_1),
        occurred_at=row.occurred_at,
        source=row.source,
    )
