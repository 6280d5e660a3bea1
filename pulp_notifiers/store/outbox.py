"""The outbox: events, and the deliveries owed for them."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from uuid import UUID

import sqlalchemy as sa

from ..event import Event
from ..records import Claim, DeliveryState, Kept, Lease, Owed, OwedDelivery, OwedEvent, Written
from .database import Database
from .listeners import LISTENERS_REVISION, ListenerState
from .source_memory import SourceMemory
from .statement import Row, Rows

_INSERT_EVENTS = """
    INSERT INTO events (id, type, payload, call_report, occurred_at, source) VALUES rows
    ON CONFLICT DO NOTHING RETURNING id
"""
# The update changes nothing; it locks the row, so that a worker cannot finish the lane meanwhile. The column is one
# without an index, which SQLite would write again.
_UPSERT_LANES = f"""
    INSERT INTO lanes (key, listener_id, due_at, lease_owner, lease_until) VALUES rows
    ON CONFLICT (key) DO UPDATE SET lease_owner = lanes.lease_owner
    RETURNING key, id, lease_owner, ({LISTENERS_REVISION})
"""
_INSERT_DELIVERIES = """
    INSERT INTO deliveries (event_id, listener_id, notifier_type, target, lane_id, created_at, state, attempts)
    VALUES rows RETURNING id, event_id, lane_id
"""
DELETE_EMPTY_LANES = """
    DELETE FROM lanes WHERE id = any(:lanes)
        AND NOT EXISTS (SELECT 1 FROM deliveries WHERE lane_id = lanes.id AND state = 'pending')
    RETURNING id
"""
_COUNT = "SELECT count(*) FROM deliveries WHERE event_id = :event_id"

_MOST_LEASED = 100
_PENDING = DeliveryState.PENDING.value

_KEYS_REMEMBERED = 4096
"""A key takes 9 microseconds, and most events are about a repository that had one before."""


class _Addition:
    """What one call of :meth:`Outbox.add_all` writes, prepared by the thread that calls.

    :ivar listeners_revision: None if there was no event, and so nothing that depends on listeners.
    :ivar events: rows of events that have deliveries, by id.
    :ivar deliveries: event id, target and key of the lane.
    :ivar ended: the listeners that end, and the id of the event that ends them.
    """

    __slots__ = ("deliveries", "ended", "events", "kept", "lease", "listeners_revision", "now")

    def __init__(
        self,
        batch: Sequence[OwedEvent],
        listeners_revision: int | None,
        now: datetime,
        kept: Kept | None,
        lease: Lease | None,
    ) -> None:
        self.listeners_revision = listeners_revision
        self.now = now
        self.kept = kept
        self.events: dict[str, Row] = {}
        self.deliveries: list[tuple[str, Owed, str]] = []
        self.ended: list[tuple[str, str]] = []
        for each in batch:
            event, event_id = each.event, str(each.event.id)
            if each.owed and event_id not in self.events:
                self.events[event_id] = (event_id, event.type, *event.encoded(), event.occurred_at, event.source)
                subject = event.subject()
                self.deliveries += [(event_id, target, _lane_key(target, subject)) for target in each.owed]
            self.ended += [(listener_id, event_id) for listener_id in each.ended]
        # A worker holds a few hundred deliveries in memory, not all of a large batch.
        self.lease = lease if len(self.deliveries) <= _MOST_LEASED else None

    def lane_rows(self) -> Iterable[Row]:
        """Yield the rows of the lanes, if they begin now."""
        for _, target, key in self.deliveries:
            if self.lease is not None and self.lease.takes(target.listener_id):
                yield key, target.listener_id, self.now, self.lease.owner, self.lease.until
            else:
                yield key, target.listener_id, self.now, None, None


class _ListenersChanged(Exception):
    """Targets were chosen for an older revision of the listeners; undoes what was written."""


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
        self._insert_events = database.insert_of(_INSERT_EVENTS)
        self._upsert_lanes = database.insert_of(_UPSERT_LANES)
        self._insert_deliveries = database.insert_of(_INSERT_DELIVERIES)
        self._delete_empty = database.statement(DELETE_EMPTY_LANES)
        self._count = database.statement(_COUNT)

    def add_all(
        self,
        batch: Sequence[OwedEvent],
        listeners_revision: int,
        now: datetime,
        kept: Kept | None = None,
        lease: Lease | None = None,
    ) -> Written | None:
        """Write events, one delivery for each of their targets, and what a source remembers: all of it or nothing.

        An event whose id is stored already adds nothing, and an event that no listener gets is not stored.

        :param lease: leases the lanes that begin with these events to a worker, which then need not claim them.
        :return: None if listeners changed since the revision by which ``owed`` was chosen, and nothing was written.
        :raises LeaseLost: the owner no longer holds the source's lease.
        """
        relevant = [each for each in batch if each.owed or each.ended]
        if not relevant and (kept is None or not kept.remember):
            return self._database.read(lambda connection: self._nothing(connection, listeners_revision, kept))
        addition = _Addition(relevant, listeners_revision if batch else None, now, kept, lease)
        try:
            return self._database.write_together(self._add, addition)
        except _ListenersChanged:
            return None

    def _nothing(self, connection: sa.Connection, listeners_revision: int, kept: Kept | None) -> Written | None:
        # A source never repeats events that no listener gets, so only the holder of its lease may skip them.
        if kept is not None:
            self._memory.require_lease(connection, kept)
        return Written(0) if self._listeners.revision(connection) == listeners_revision else None

    def _add(self, connection: sa.Connection, additions: Sequence[_Addition]) -> list[Written]:
        return [
            written
            for together in _until_listeners_end(additions)
            for written in self._add_together(connection, together)
        ]

    def _add_together(self, connection: sa.Connection, additions: Sequence[_Addition]) -> list[Written]:
        # In the order of their ids, so that two transactions cannot deadlock.
        for kept in sorted((each.kept for each in additions if each.kept), key=lambda kept: kept.source_id):
            self._memory.keep(connection, kept)
        events = {event_id: row for each in additions for event_id, row in each.events.items()}
        inserted = self._insert_events.start(connection, list(events.values()))
        if additions[-1].ended:
            inserted = self._end_listeners(connection, additions, inserted())
        begun = {row[0]: row for each in reversed(additions) for row in each.lane_rows()}
        # In the order of the keys, so that two transactions for the same listeners cannot deadlock.
        lanes = self._upsert_lanes.run(connection, [begun[key] for key in sorted(begun)])
        if not additions[-1].ended:
            _require_revision(additions, lanes[0][3] if lanes else self._listeners.revision(connection))
        new = {event_id for (event_id,) in inserted()}
        claims = self._write_deliveries(connection, additions, {key: events[key] for key in new}, begun, lanes)
        return [
            Written(
                len(each.deliveries) if each.events.keys() <= new else self._count_of(connection, each),
                claims.get(each.lease.owner, ()) if each.lease is not None else (),
            )
            for each in additions
        ]

    def _end_listeners(self, connection: sa.Connection, additions: Sequence[_Addition], inserted: list[Row]) -> Rows:
        # Before the lanes are locked: deleting a listener does it in this order too. It raises the revision.
        _require_revision(additions, self._listeners.revision(connection))
        new = {event_id for (event_id,) in inserted}
        last = additions[-1]
        ends = [listener_id for listener_id, event_id in last.ended if event_id in new or event_id not in last.events]
        self._listeners.end(connection, ends, last.now)
        return lambda: inserted

    def _write_deliveries(
        self,
        connection: sa.Connection,
        additions: Sequence[_Addition],
        events: Mapping[str, Row],
        begun: Mapping[str, Row],
        lanes: Sequence[Row],
    ) -> Mapping[str, Sequence[Claim]]:
        owed = [(each.now, *delivery) for each in additions for delivery in each.deliveries if delivery[0] in events]
        ids = {key: lane for key, lane, _, _ in lanes}
        inserted = self._insert_deliveries.run(
            connection,
            [
                (event_id, target.listener_id, target.notifier_type, target.target, ids[key], now, _PENDING, 0)
                for now, event_id, target, key in owed
            ],
        )
        needless = ids.keys() - {key for _, _, _, key in owed}
        if needless:
            self._delete_empty.run(connection, lanes=[ids[key] for key in needless])
        leased = {
            lane: begun[key]
            for key, lane, owner, _ in lanes
            if owner is not None and owner == begun[key][3] and key not in needless
        }
        return _claims(leased, owed, ids, inserted, events) if leased else {}

    def _count_of(self, connection: sa.Connection, addition: _Addition) -> int:
        return sum(self._count.run(connection, event_id=event_id)[0][0] for event_id in addition.events)


def _claims(
    leased: Mapping[int, Row],
    owed: Sequence[tuple[datetime, str, Owed, str]],
    lanes: Mapping[str, int],
    inserted: Iterable[Row],
    events: Mapping[str, Row],
) -> Mapping[str, list[Claim]]:
    ids = {(event_id, lane): delivery for delivery, event_id, lane in inserted}
    deliveries: dict[int, list[OwedDelivery]] = defaultdict(list)
    for _, event_id, target, key in owed:
        if (lane := lanes[key]) in leased:
            # Not the caller's event, whose payload may be changed after it was fired.
            _, event_type, payload, call_report, occurred_at, source = events[event_id][:6]
            event = Event.from_encoded(event_type, (payload, call_report), UUID(event_id), occurred_at, source)
            deliveries[lane].append(OwedDelivery(ids[event_id, lane], event, target.target, 0))
    claims: dict[str, list[Claim]] = defaultdict(list)
    for lane, (_, listener_id, _, owner, _) in leased.items():
        claims[owner].append(Claim(lane, owner, listener_id, tuple(deliveries[lane])))
    return claims


def _require_revision(additions: Sequence[_Addition], current: int) -> None:
    if any(each.listeners_revision not in (None, current) for each in additions):
        raise _ListenersChanged


def _until_listeners_end(additions: Sequence[_Addition]) -> Iterable[list[_Addition]]:
    # What ends listeners raises their revision, and what comes after it was chosen before.
    together: list[_Addition] = []
    for addition in additions:
        together.append(addition)
        if addition.ended:
            yield together
            together = []
    if together:
        yield together


@lru_cache(_KEYS_REMEMBERED)
def _lane_key(owed: Owed, subject: str) -> str:
    # A digest, because repository ids and addresses may have any length and contain characters that PostgreSQL refuses.
    return hashlib.sha256(json.dumps([owed.listener_id, owed.target, subject]).encode()).hexdigest()
