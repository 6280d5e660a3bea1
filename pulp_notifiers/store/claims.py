"""Claims: lanes leased to workers, and the outcome of each attempt."""

import json
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa

from ..event import Event
from ..records import Claim, DeliveryState, LaneState, Outcome, OwedDelivery
from .database import Database
from .schema import LONGEST_LEASE, attempts, deliveries, events, lanes

_RUN_LENGTH = 20
_RUN_CHARACTERS = 256 * 1024
"""The most that one claim returns of one lane; its first delivery is returned whatever its size."""

_LONGEST_WAIT = timedelta(days=7)
"""No setting allows more, so a due time beyond that was written while a clock was wrong."""

_PENDING = deliveries.c.state == DeliveryState.PENDING.value

# Built once, as in the outbox.
_DUE = (
    sa.select(lanes.c.id, lanes.c.listener_id)
    .where(
        sa.or_(lanes.c.due_at <= sa.bindparam("now"), lanes.c.due_at > sa.bindparam("never_due")),
        sa.or_(
            lanes.c.lease_until.is_(None),
            lanes.c.lease_until <= sa.bindparam("now"),
            lanes.c.lease_until > sa.bindparam("never_leased"),
        ),
    )
    .order_by(lanes.c.due_at, lanes.c.id)
    .limit(sa.bindparam("limit"))
    .with_for_update(skip_locked=True)
)
_DUE_EXCEPT = _DUE.where(lanes.c.listener_id.not_in(sa.bindparam("except_listeners", expanding=True)))
_LEASE = (
    lanes.update()
    .where(lanes.c.id == sa.bindparam("lane"))
    .values(lease_owner=sa.bindparam("owner"), lease_until=sa.bindparam("until"))
)
_SIZES = (
    sa.select(
        deliveries.c.id,
        deliveries.c.attempts,
        (sa.func.length(events.c.payload) + sa.func.coalesce(sa.func.length(events.c.call_report), 0)).label("size"),
    )
    .join(events, events.c.id == deliveries.c.event_id)
    .where(deliveries.c.lane_id == sa.bindparam("lane"), _PENDING)
    .order_by(deliveries.c.id)
    .limit(_RUN_LENGTH)
)
_OWED = (
    sa.select(
        deliveries.c.id.label("delivery_id"),
        deliveries.c.target,
        deliveries.c.attempts,
        deliveries.c.last_error,
        *events.c,
    )
    .join(events, events.c.id == deliveries.c.event_id)
    .where(deliveries.c.lane_id == sa.bindparam("lane"), _PENDING, deliveries.c.id <= sa.bindparam("last"))
    .order_by(deliveries.c.id)
)
_HOLD = (
    sa.select(lanes.c.id)
    .where(lanes.c.id == sa.bindparam("lane"), lanes.c.lease_owner == sa.bindparam("owner"))
    .with_for_update()
)
_RENEW = (
    lanes.update()
    .where(lanes.c.id == sa.bindparam("lane"), lanes.c.lease_owner == sa.bindparam("owner"))
    .values(lease_until=sa.bindparam("until"))
)
_RELEASE = (
    lanes.update()
    .where(lanes.c.id == sa.bindparam("lane"), lanes.c.lease_owner == sa.bindparam("owner"))
    .values(lease_owner=None, lease_until=None)
)
_INSERT_ATTEMPT = attempts.insert()
_UPDATE_DELIVERY = (
    deliveries.update()
    .where(deliveries.c.id == sa.bindparam("delivery"))
    .values(
        state=sa.bindparam("new_state"),
        attempts=sa.bindparam("number"),
        finished_at=sa.bindparam("ended_at"),
        last_error=sa.func.coalesce(sa.bindparam("error", type_=sa.Text), deliveries.c.last_error),
    )
)
_ANY_PENDING = sa.select(deliveries.c.id).where(deliveries.c.lane_id == sa.bindparam("lane"), _PENDING).limit(1)
_DELETE_LANE = lanes.delete().where(lanes.c.id == sa.bindparam("lane"))
_RETURN_LANE = (
    lanes.update()
    .where(lanes.c.id == sa.bindparam("lane"))
    .values(due_at=sa.bindparam("due"), lease_owner=None, lease_until=None)
)
_NEXT_DUE = sa.select(sa.func.min(lanes.c.due_at)).where(lanes.c.lease_owner.is_(None))


class Claims:
    """Leases due lanes to workers and records the outcome of each attempt.

    A lane is held by one worker at a time, so its deliveries go out in order. Outcomes are only recorded for the
    holder: a worker whose lease ended while it slept cannot overwrite what another one recorded since.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def claim(self, now: datetime, until: datetime, limit: int, except_listeners: Collection[str] = ()) -> list[Claim]:
        """Lease due lanes that nobody holds, earliest due first; return them with their deliveries."""
        owner = uuid4().hex
        parameters: dict[str, Any] = {
            "now": now,
            "never_due": now + _LONGEST_WAIT,
            "never_leased": now + LONGEST_LEASE,
            "limit": limit,
        }
        due = _DUE
        if except_listeners:
            due, parameters["except_listeners"] = _DUE_EXCEPT, list(except_listeners)

        def work(connection: sa.Connection) -> list[Claim]:
            taken = connection.execute(due, parameters).all()
            if taken:
                connection.execute(_LEASE, [{"lane": row.id, "owner": owner, "until": until} for row in taken])
            claims = [Claim(row.id, owner, row.listener_id, _owed(connection, row.id)) for row in taken]
            # On PostgreSQL an event may be written while its listener is deleted; such a lane has no pending delivery.
            for claim in claims:
                if not claim.deliveries:
                    connection.execute(_DELETE_LANE, {"lane": claim.lane})
            return [claim for claim in claims if claim.deliveries]

        return self._database.write(work)

    def renew(self, claims: Iterable[Claim], until: datetime) -> None:
        """Extend leases; those that were lost stay lost."""
        held = [{"lane": claim.lane, "owner": claim.owner, "until": until} for claim in claims]
        if held:
            self._database.write(lambda connection: connection.execute(_RENEW, held))

    def release(self, claims: Iterable[Claim]) -> None:
        """Release lanes without recording anything about their deliveries."""
        held = [{"lane": claim.lane, "owner": claim.owner} for claim in claims]
        if held:
            self._database.write(lambda connection: connection.execute(_RELEASE, held))

    def record(self, claim: Claim, delivery: OwedDelivery, outcome: Outcome, now: datetime, last: bool) -> LaneState:
        """Record the outcome of an attempt; release the lane if the delivery stays pending or is the claim's last.

        Nothing is written if the lease was lost meanwhile.
        """

        def work(connection: sa.Connection) -> LaneState:
            if connection.execute(_HOLD, {"lane": claim.lane, "owner": claim.owner}).first() is None:
                return LaneState.LOST
            _record_attempt(connection, delivery, outcome)
            if last or outcome.state is DeliveryState.PENDING:
                return _release_lane(connection, claim.lane, outcome.due_at or now)
            return LaneState.HELD

        return self._database.write(work)

    def next_due(self) -> datetime | None:
        """Return when the earliest lane that nobody holds is due."""
        found: datetime | None = self._database.read(lambda connection: connection.execute(_NEXT_DUE).scalar_one())
        return found


def _owed(connection: sa.Connection, lane: int) -> tuple[OwedDelivery, ...]:
    sizes = connection.execute(_SIZES, {"lane": lane}).all()
    if not sizes:
        return ()
    rows = connection.execute(_OWED, {"lane": lane, "last": _last_of_run(sizes)})
    return tuple(OwedDelivery(row.delivery_id, _event(row), row.target, row.attempts, row.last_error) for row in rows)


def _last_of_run(sizes: Sequence[Any]) -> int:
    first, total = sizes[0], 0
    last: int = first.id
    # After a delivery that has failed before, the others are unlikely to be attempted.
    for row in sizes if first.attempts == 0 else ():
        total += row.size
        if total > _RUN_CHARACTERS:
            break
        last = row.id
    return last


def _event(row: Any) -> Event:
    return Event(
        type=row.type,
        payload=json.loads(row.payload),
        call_report=None if row.call_report is None else json.loads(row.call_report),
        id=UUID(row.id),
        occurred_at=row.occurred_at,
        source=row.source,
    )


def _record_attempt(connection: sa.Connection, delivery: OwedDelivery, outcome: Outcome) -> None:
    attempt = outcome.attempt
    connection.execute(
        _INSERT_ATTEMPT,
        {
            "delivery_id": delivery.id,
            "number": attempt.number,
            "started_at": attempt.started_at,
            "finished_at": attempt.finished_at,
            "error": attempt.error,
        },
    )
    connection.execute(
        _UPDATE_DELIVERY,
        {
            "delivery": delivery.id,
            "new_state": outcome.state,
            "number": attempt.number,
            "ended_at": None if outcome.state is DeliveryState.PENDING else attempt.finished_at,
            "error": attempt.error,
        },
    )


def _release_lane(connection: sa.Connection, lane: int, due_at: datetime) -> LaneState:
    if connection.execute(_ANY_PENDING, {"lane": lane}).first() is None:
        connection.execute(_DELETE_LANE, {"lane": lane})
        return LaneState.EMPTY
    connection.execute(_RETURN_LANE, {"lane": lane, "due": due_at})
    return LaneState.PENDING
