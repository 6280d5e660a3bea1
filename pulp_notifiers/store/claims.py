"""Claims: lanes leased to workers, and the outcomes of their attempts."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID, uuid4

import sqlalchemy as sa

from ..event import Event
from ..records import Attempted, Claim, Claimed, DeliveryState, LaneState, OwedDelivery
from .database import Database
from .due_lanes import LONGEST_WAIT, DueLanes, Lease, LeasedLane
from .listeners import LISTENERS_REVISION
from .outbox import DELETE_EMPTY_LANES
from .statement import Row, Statement, utc_time

_DELIVERIES_OF_CLAIMS = 200
"""About how many deliveries the claims of one call have: a lane gets more of them if few lanes are due."""

_LONGEST_RUN = 100
_RUN_CHARACTERS = 256 * 1024
"""The most that one claim returns of one lane.

Its first delivery is returned whatever its size, and alone if it has failed before, or if the process that held it
ended, because then the others are unlikely to be attempted.
"""

# A cross join, because SQLite would otherwise begin with all pending deliveries.
_SIZES = """
    SELECT d.lane_id, d.id, d.attempts, length(e.payload) + coalesce(length(e.call_report), 0)
    FROM each(:lanes) AS l CROSS JOIN deliveries d JOIN events e ON e.id = d.event_id
    WHERE d.lane_id = l.value AND d.state = 'pending' AND d.id <= coalesce((
        SELECT id FROM deliveries WHERE lane_id = l.value AND state = 'pending' ORDER BY id LIMIT 1 OFFSET :further
    ), 9223372036854775807)
    ORDER BY d.id
"""
_OWED = """
    SELECT d.lane_id, d.id, d.target, d.attempts, d.last_error,
        e.type, e.payload, e.call_report, e.id, e.occurred_at, e.source
    FROM deliveries d JOIN events e ON e.id = d.event_id WHERE d.id = any(:deliveries) ORDER BY d.id
"""
# Locked in the order of their keys, as the outbox does, so that two transactions cannot deadlock.
_OWNERS = "SELECT id, lease_owner FROM lanes WHERE id = any(:lanes) ORDER BY key FOR UPDATE"
_RENEW = "UPDATE lanes SET lease_until = :until WHERE id = any(:lanes)"
_RELEASE = "UPDATE lanes SET lease_owner = NULL, lease_until = NULL, wait_seconds = 0 WHERE id = any(:lanes)"
_INSERT_ATTEMPTS = "INSERT INTO attempts (delivery_id, number, started_at, finished_at, error) VALUES rows"
_UPDATE_DELIVERY = """
    UPDATE deliveries SET state = :state, attempts = :number, finished_at = :ended_at,
        last_error = coalesce(:error, last_error)
    WHERE id = :delivery
"""
_RETURN_LANE = """
    UPDATE lanes SET due_at = :due, wait_seconds = :wait, lease_owner = NULL, lease_until = NULL, crashes = 0
    WHERE id = :lane
"""
_NEXT = f"""
    SELECT (
        SELECT due_at FROM lanes WHERE due_at > :now AND lease_owner IS NULL ORDER BY due_at LIMIT 1
    ), ({LISTENERS_REVISION})
"""


class Claims:
    """Leases due lanes to workers and records the outcomes of their attempts.

    A lane is held by one worker at a time, so its deliveries go out in order. Outcomes are only recorded for the
    holder: a worker whose lease ended while it slept cannot overwrite what another one recorded since.

    A lease is also the mark of an attempt that has begun: a lane whose lease ended with nothing recorded was held by a
    process that ended, and that is counted until an outcome is recorded.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._due = DueLanes(database)
        self._sizes = database.statement(_SIZES)
        self._owed = database.statement(_OWED)
        self._lane_owners = database.statement(_OWNERS)
        self._renew = database.statement(_RENEW)
        self._release = database.statement(_RELEASE)
        self._insert_attempts = database.insert_of(_INSERT_ATTEMPTS)
        self._update_delivery = database.statement(_UPDATE_DELIVERY)
        self._delete_empty = database.statement(DELETE_EMPTY_LANES)
        self._return_lane = database.statement(_RETURN_LANE)
        self._next = database.statement(_NEXT)

    def claim(
        self,
        now: datetime,
        until: datetime,
        limit: int,
        except_listeners: Collection[str] = (),
        most_of: Callable[[str], int] | None = None,
        suspects: int = 1,
    ) -> Claimed:
        """Lease due lanes that nobody holds, earliest due first; return them with their deliveries.

        It does not wait until the leases are on disk: without them, after a crash, lanes are claimed a bit earlier.

        :param most_of: returns how many lanes of a listener to lease at most; None for no such limit.
        :param suspects: how many lanes to lease at most whose delivery is suspected of ending processes; those that
            did so least often come first, since they are the most likely to be innocent.
        """

        def work(connection: sa.Connection) -> Claimed:
            lease = Lease(uuid4().hex, now, until)
            most = most_of or (lambda listener_id: limit)
            leased, more = self._due.lease(connection, lease, limit, except_listeners, most, suspects)
            claims = self._claims_of(connection, leased, lease.owner) if leased else []
            ((next_due, revision),) = self._next.run(connection, now=now)
            return Claimed(
                claims,
                more=more,
                next_due=None if next_due is None else utc_time(next_due),
                listeners_revision=revision,
            )

        claimed = self._database.write(work, durable=False)
        self._due.committed()
        return claimed

    def renew(self, claims: Iterable[Claim], until: datetime) -> list[Claim]:
        """Extend leases; return the claims whose leases were lost, and stay lost."""
        return self._update_held(self._renew, list(claims), until=until)

    def release(self, claims: Iterable[Claim]) -> None:
        """Release lanes without recording anything about their deliveries."""
        self._update_held(self._release, list(claims))
        self._due.restart()

    def record(self, attempted: Sequence[Attempted], now: datetime) -> list[LaneState]:
        """Record the outcomes of attempts, and release the lanes of those that are the last of their claim.

        A delivery that stays pending is always the last. Nothing is written for lanes whose lease was lost meanwhile.
        """

        def work(connection: sa.Connection) -> list[LaneState]:
            owners = self._owners(connection, [each.claim for each in attempted])
            recorded = [each for each in attempted if owners[each.claim.lane] == each.claim.owner]
            self._insert_attempts.run(connection, [_attempt_row(each) for each in recorded if each.outcome.counts])
            self._update_delivery.run_each(connection, [_delivery_row(each) for each in recorded])
            due = {each.claim.lane: _due_at(each, now) for each in recorded if each.last}
            empty = {lane for (lane,) in self._delete_empty.run(connection, lanes=list(due))} if due else set()
            kept = {lane: due_at for lane, due_at in due.items() if lane not in empty}
            self._return_lane.run_each(
                connection,
                [
                    {"lane": lane, "due": due_at, "wait": max(0.0, (due_at - now).total_seconds())}
                    for lane, due_at in kept.items()
                ],
            )
            if any(map(self._due.has_passed, kept.values())):
                self._due.restart()
            return [_lane_state(each, owners, empty) for each in attempted]

        return self._database.write(work)

    def _claims_of(self, connection: sa.Connection, leased: Collection[LeasedLane], owner: str) -> list[Claim]:
        owed = self._owed_of(connection, {lane.id: lane.crashes for lane in leased})
        # On PostgreSQL an event may be written while its listener is deleted; such a lane has no pending delivery.
        if empty := {lane.id for lane in leased} - owed.keys():
            self._delete_empty.run(connection, lanes=list(empty))
        return [Claim(lane.id, owner, lane.listener_id, tuple(owed[lane.id])) for lane in leased if lane.id in owed]

    def _update_held(self, statement: Statement, claims: Sequence[Claim], **values: datetime) -> list[Claim]:
        def work(connection: sa.Connection) -> list[Claim]:
            owners = self._owners(connection, claims)
            lost = [claim for claim in claims if owners[claim.lane] != claim.owner]
            lanes = [claim.lane for claim in claims if owners[claim.lane] == claim.owner]
            statement.run(connection, lanes=lanes, **values)
            return lost

        return self._database.write(work, durable=False) if claims else []

    def _owners(self, connection: sa.Connection, claims: Iterable[Claim]) -> dict[int, str | None]:
        lanes = list({claim.lane for claim in claims})
        return defaultdict(lambda: None, self._lane_owners.run(connection, lanes=lanes))

    def _owed_of(self, connection: sa.Connection, crashes: Mapping[int, int]) -> dict[int, list[OwedDelivery]]:
        lanes = list(crashes)
        further = min(_LONGEST_RUN, max(1, _DELIVERIES_OF_CLAIMS // len(lanes))) - 1
        sizes: dict[int, list[Row]] = defaultdict(list)
        for lane, *delivery in self._sizes.run(connection, lanes=lanes, further=further):
            sizes[lane].append(tuple(delivery))
        chosen = [delivery_id for lane, rows in sizes.items() for delivery_id in _run(rows, crashes[lane])]
        owed: dict[int, list[OwedDelivery]] = defaultdict(list)
        for lane, delivery_id, target, attempts, last_error, *event in self._owed.run(connection, deliveries=chosen):
            owed[lane].append(
                OwedDelivery(delivery_id, _event(*event), target, attempts, last_error, crashes=crashes[lane])
            )
        return owed


def _due_at(attempted: Attempted, now: datetime) -> datetime:
    due_at = attempted.outcome.due_at
    return now if due_at is None or due_at > now + LONGEST_WAIT else due_at


def _run(rows: Sequence[Row], crashes: int) -> Iterable[int]:
    (first, failures, total), *further = rows
    yield first
    for delivery_id, _, size in () if failures or crashes else further:
        total += size
        if total > _RUN_CHARACTERS:
            return
        yield delivery_id


def _event(
    event_type: str, payload: str, call_report: str | None, event_id: str, occurred_at: str | datetime, source: str
) -> Event:
    return Event.from_encoded(event_type, (payload, call_report), UUID(event_id), utc_time(occurred_at), source)


def _attempt_row(attempted: Attempted) -> Row:
    attempt = attempted.outcome.attempt
    return attempted.delivery.id, attempt.number, attempt.started_at, attempt.finished_at, attempt.error


def _delivery_row(attempted: Attempted) -> dict[str, object]:
    state, attempt = attempted.outcome.state, attempted.outcome.attempt
    return {
        "delivery": attempted.delivery.id,
        "state": state,
        "number": attempt.number,
        "ended_at": None if state is DeliveryState.PENDING else attempt.finished_at,
        "error": attempt.error,
    }


def _lane_state(attempted: Attempted, owners: Mapping[int, str | None], empty: Collection[int]) -> LaneState:
    claim = attempted.claim
    if owners[claim.lane] != claim.owner:
        return LaneState.LOST
    if not attempted.last:
        return LaneState.HELD
    return LaneState.EMPTY if claim.lane in empty else LaneState.PENDING
