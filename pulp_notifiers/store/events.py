"""Stored events, for people to look at."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC
from functools import partial
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from ..event import Event
from ..records import DeliveryState, Filter, Order, StoredEvent
from . import schema
from .database import Database
from .filters import conditions, ordering

_TABLE = schema.events
_LISTED = ("id", "type", "occurred_at", "stored_at", "source", "repo_id", "server", "domain", "result")
_COLUMNS = {name: _TABLE.c[name] for name in _LISTED}
_NEWEST_FIRST = (Order("stored_at", descending=True), Order("id", descending=True))
_COUNTS = """
    SELECT event_id, state, count(*) FROM deliveries WHERE event_id = any(:events) GROUP BY event_id, state
"""
_LISTENERS = "SELECT listener_id, count(*) FROM deliveries WHERE event_id = :event_id GROUP BY listener_id"


class EventRows:
    """Reads stored events."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._counts = database.statement(_COUNTS)
        self._listeners = database.statement(_LISTENERS)

    def list(
        self, filters: Sequence[Filter], orders: Sequence[Order], limit: int, offset: int
    ) -> tuple[int, list[StoredEvent]]:
        """Return how many events match all filters, and one page of them.

        The filters and the columns of a page are all in one index, so that no row of the table is read: payloads may be
        large.

        :param orders: the newest first if there are none, and among those that are equal.
        """
        wanted = conditions(filters, _COLUMNS, self._database.dialect)
        count = sa.select(sa.func.count()).select_from(_TABLE).where(*wanted)
        page = (
            sa.select(*_COLUMNS.values())
            .where(*wanted)
            .order_by(*ordering((*orders, *_NEWEST_FIRST), _COLUMNS))
            .limit(limit)
            .offset(offset)
        )

        def work(connection: sa.Connection) -> tuple[int, list[StoredEvent]]:
            rows = connection.execute(page).all()
            deliveries = self._deliveries(connection, [row.id for row in rows])
            number = int(connection.execute(count).scalar_one())
            return number, [_stored_event(row, deliveries[row.id]) for row in rows]

        return self._database.read(work)

    def get(self, event_id: str) -> tuple[StoredEvent, Event] | None:
        """Return an event, and what was fired."""
        query = sa.select(_TABLE).where(_TABLE.c.id == event_id)

        def work(connection: sa.Connection) -> tuple[StoredEvent, Event] | None:
            row = connection.execute(query).one_or_none()
            if row is None:
                return None
            return _stored_event(row, self._deliveries(connection, [row.id])[row.id]), _event(row)

        return self._database.read(work)

    def deliveries_by_listener(self, event_id: str) -> Mapping[str, int]:
        """Return how many deliveries of an event each listener has, by its id."""
        rows = self._database.read(partial(self._listeners.run, event_id=event_id))
        return dict(rows)

    def _deliveries(
        self, connection: sa.Connection, events: Sequence[str]
    ) -> Mapping[str, Mapping[DeliveryState, int]]:
        found: dict[str, dict[DeliveryState, int]] = defaultdict(dict)
        for event_id, state, number in self._counts.run(connection, events=list(events)) if events else ():
            found[event_id][DeliveryState(state)] = number
        return found


def _stored_event(row: Any, deliveries: Mapping[DeliveryState, int]) -> StoredEvent:
    return StoredEvent(**{name: getattr(row, name) for name in _LISTED}, deliveries=dict(deliveries))


def _event(row: Any) -> Event:
    occurred_at = row.occurred_at.astimezone(UTC)
    return Event.from_encoded(row.type, (row.payload, row.call_report), UUID(row.id), occurred_at, row.source)
