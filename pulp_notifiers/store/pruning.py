"""The deletion of old deliveries and events."""

from datetime import UTC, datetime
from functools import partial

import sqlalchemy as sa

from ..event import KEPT_EVENT_TYPES, matches_any
from ..records import DeliveryState, Pruned
from . import schema
from .database import Database
from .statement import utc_time

PRUNED_AT_ONCE = 1000
"""The most rows of a table that one transaction deletes, to keep the transaction short."""

_DELETE_DELIVERIES = "DELETE FROM deliveries WHERE id = any(:deliveries)"
_DELETE_EVENTS = """
    DELETE FROM events WHERE id = any(:events)
        AND NOT EXISTS (SELECT 1 FROM deliveries WHERE event_id = events.id)
"""
_YOUNG_EVENTS = "SELECT id, type FROM events WHERE id = any(:events) AND stored_at >= :before"
_OLD_EVENTS = f"""
    SELECT id, stored_at FROM events
    WHERE stored_at >= :after AND stored_at < :before
        AND NOT EXISTS (SELECT 1 FROM deliveries WHERE event_id = events.id)
    ORDER BY stored_at, id LIMIT {PRUNED_AT_ONCE}
"""
_FORGET_ENDED = schema.listeners.delete().where(
    schema.listeners.c.ended_at.is_not(None),
    ~sa.select(schema.deliveries.c.id)
    .where(schema.deliveries.c.listener_id == schema.listeners.c.id, schema.deliveries.c.state == DeliveryState.PENDING)
    .exists(),
)
_FORGET_ERRORS = schema.listener_errors.delete().where(
    schema.listener_errors.c.listener_id.not_in(sa.select(schema.listeners.c.id))
)
_EVER = datetime(1970, 1, 1, tzinfo=UTC)


class Pruning:
    """Deletes old deliveries and events.

    An event is deleted with its last delivery, except one of a kept type that is not old yet. That one is deleted when
    it is old.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        # One text for any number of rows: a driver keeps a prepared statement for each text.
        self._delete_deliveries = database.statement(_DELETE_DELIVERIES)
        self._delete_events = database.statement(_DELETE_EVENTS)
        self._young_events = database.statement(_YOUNG_EVENTS)
        self._old_events = database.statement(_OLD_EVENTS)
        self._after = _EVER

    def prune(self, delivered_before: datetime, dead_before: datetime, events_before: datetime) -> Pruned:
        """Delete some deliveries that ended before these times; once there are none, some events stored before.

        The attempts of the deliveries are deleted too, and ended listeners with nothing pending.

        :return: how many were deleted; nothing if none are left.
        """
        deliveries = self._database.write_many_rows(
            lambda connection: self._prune_deliveries(connection, delivered_before, dead_before, events_before)
        )
        events = self._prune_events(events_before) if deliveries < PRUNED_AT_ONCE else 0
        return Pruned(deliveries, events)

    def _prune_deliveries(
        self, connection: sa.Connection, delivered_before: datetime, dead_before: datetime, events_before: datetime
    ) -> int:
        owed = schema.deliveries
        old = sa.or_(
            sa.and_(owed.c.state == DeliveryState.DELIVERED, owed.c.finished_at < delivered_before),
            sa.and_(owed.c.state == DeliveryState.DEAD, owed.c.finished_at < dead_before),
        )
        query = sa.select(owed.c.id, owed.c.event_id).where(old).limit(PRUNED_AT_ONCE)
        rows = connection.execute(query.with_for_update(skip_locked=True)).all()
        connection.execute(_FORGET_ENDED)
        connection.execute(_FORGET_ERRORS)
        if rows:
            self._delete_deliveries.run(connection, deliveries=[row.id for row in rows])
            events = {row.event_id for row in rows}
            young = self._young_events.run(connection, events=sorted(events), before=events_before)
            kept = {event_id for event_id, event_type in young if matches_any(KEPT_EVENT_TYPES, event_type)}
            self._delete_events.run(connection, events=sorted(events - kept))
        return len(rows)

    def _prune_events(self, before: datetime) -> int:
        # Looked for by a reader, which holds up nobody, and from where the last call ended: events that still have
        # deliveries are passed once in all calls.
        old = self._database.read(partial(self._old_events.run, after=self._after, before=before))
        self._after = utc_time(old[-1][1]) if old else _EVER
        if old:
            ids = sorted(event_id for event_id, _ in old)
            self._database.write_many_rows(partial(self._delete_events.run, events=ids))
        return len(old)
