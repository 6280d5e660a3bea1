"""Deliveries and their attempts, for people to look at."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from ..records import Attempt, Backlog, Delivery, DeliveryFilter, DeliveryState, Order
from . import schema
from .database import Database
from .filters import conditions, ordering
from .statement import utc_time

# By the index of states, which has no times; the first id is the oldest delivery.
_BACKLOG = """
    SELECT c.state, c.number, d.created_at
    FROM (
        SELECT state, count(*) AS number, min(id) AS first FROM deliveries
        WHERE state IN ('pending', 'dead') GROUP BY state
    ) AS c JOIN deliveries d ON d.id = c.first
"""


_FILTERED: Mapping[str, sa.ColumnElement[Any]] = {
    "event_type": schema.events.c.type,
    **{name: schema.deliveries.c[name] for name in ("state", "notifier_type", "created_at", "finished_at")},
    **{name: schema.deliveries.c[name] for name in ("last_error", "attempts")},
}
"""Fields by which deliveries can be filtered and ordered. Not their targets, which may contain passwords."""


class History:
    """Reads deliveries and their attempts."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._backlog = database.statement(_BACKLOG)

    def deliveries(
        self, wanted: DeliveryFilter, limit: int, offset: int, orders: Sequence[Order] = ()
    ) -> tuple[int, list[Delivery]]:
        """Return how many deliveries match, and one page of them, newest first unless other orders are given."""
        columns = {
            schema.deliveries.c.state: wanted.state,
            schema.deliveries.c.listener_id: wanted.listener_id,
            schema.deliveries.c.event_id: wanted.event_id,
            schema.events.c.type: wanted.event_type,
        }
        chosen = [column == value for column, value in columns.items() if value is not None]
        chosen += conditions(wanted.further, _FILTERED, self._database.dialect)
        if wanted.failed:
            chosen.append(schema.deliveries.c.last_error.is_not(None))
        newest_first = [*ordering(orders, _FILTERED), schema.deliveries.c.id.desc()]
        by_type = wanted.event_type is not None or any(each.field == "event_type" for each in wanted.further)

        def work(connection: sa.Connection) -> tuple[int, list[Delivery]]:
            count = sa.select(sa.func.count()).select_from(schema.deliveries)
            if by_type:
                count = count.join(schema.events, schema.events.c.id == schema.deliveries.c.event_id)
            page = _delivery_query().where(*chosen).order_by(*newest_first)
            rows = connection.execute(page.limit(limit).offset(offset))
            return int(connection.execute(count.where(*chosen)).scalar_one()), [_delivery(row) for row in rows]

        return self._database.read(work)

    def delivery(self, delivery_id: int) -> Delivery | None:
        """Return one delivery."""
        query = _delivery_query().where(schema.deliveries.c.id == delivery_id)
        row = self._database.read(lambda connection: connection.execute(query).one_or_none())
        return None if row is None else _delivery(row)

    def attempts(self, delivery_id: int) -> list[Attempt]:
        """Return the attempts of a delivery, first to last."""
        kept = schema.attempts
        query = (
            sa.select(kept.c.number, kept.c.started_at, kept.c.finished_at, kept.c.error)
            .where(kept.c.delivery_id == delivery_id)
            .order_by(kept.c.id)
        )
        return self._database.read(lambda connection: [Attempt(*row) for row in connection.execute(query)])

    def backlog(self) -> Backlog:
        """Return how many deliveries are pending or dead."""
        rows = self._database.read(self._backlog.run)
        found = {state: (number, oldest_at) for state, number, oldest_at in rows}
        pending, oldest_at = found.get(DeliveryState.PENDING, (0, None))
        dead, _ = found.get(DeliveryState.DEAD, (0, None))
        return Backlog(pending, dead, None if oldest_at is None else utc_time(oldest_at))


def _delivery_query() -> sa.Select[Any]:
    owed, events, lanes = schema.deliveries, schema.events, schema.lanes
    # A lane's due time is that of its first pending delivery, and no later delivery goes out before it.
    in_lane = sa.and_(lanes.c.id == owed.c.lane_id, owed.c.state == DeliveryState.PENDING)
    return (
        sa.select(owed, events.c.type, lanes.c.due_at)
        .join(events, events.c.id == owed.c.event_id)
        .outerjoin(lanes, in_lane)
    )


def _delivery(row: Any) -> Delivery:
    return Delivery(
        id=row.id,
        event_id=row.event_id,
        event_type=row.type,
        listener_id=row.listener_id,
        notifier_type=row.notifier_type,
        target=row.target,
        state=DeliveryState(row.state),
        attempts=row.attempts,
        created_at=row.created_at,
        due_at=row.due_at,
        finished_at=row.finished_at,
        last_error=row.last_error,
    )
