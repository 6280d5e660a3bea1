"""The outbox: events, and the deliveries owed for them."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from ..event import Event
from ..records import Claim, DeliveryState, Kept, LeaseOffer, Owed, OwedDelivery, OwedEvent, Written
from .addition import Addition, large_event
from .database import Database
from .event_content import taken_ids
from .listeners import LISTENERS_REVISION, ListenerState
from .pieces import MOST_AT_ONCE, LargeEvent, ListenersChanged, Pieces
from .source_memory import SourceMemory
from .statement import Row

_INSERT_EVENTS = """
    INSERT INTO events (
        id, type, payload, call_report, occurred_at, source, stored_at, repo_id, server, domain, result
    ) VALUES rows
    ON CONFLICT DO NOTHING RETURNING id
"""
# The update changes nothing; it locks the row, so that a worker cannot finish the lane meanwhile. The column is one
# without an index, which SQLite would write again.
_UPSERT_LANES = f"""
    INSERT INTO lanes (key, listener_id, due_at, lease_owner, lease_until, wait_seconds) VALUES rows
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
_STORED = "SELECT id FROM events WHERE id = any(:events)"
_CONTENT = "SELECT id, type, payload, call_report, unfinished_after FROM events WHERE id = any(:events)"
# For an event that no listener gets: one statement for all that is to be known.
_REPEATED = f"""
    SELECT revision.value, e.type, e.payload, e.call_report,
        (SELECT count(*) FROM deliveries WHERE event_id = :event_id)
    FROM ({LISTENERS_REVISION}) AS revision LEFT JOIN events e ON e.id = :event_id
"""

_PENDING = DeliveryState.PENDING.value


class _Unfinished(Exception):
    """An event is stored without all of its deliveries; undoes what was written."""


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
        self._pieces = Pieces(database, self._insert_events, self._upsert_lanes, self._insert_deliveries)
        self._ids = database.statement(_STORED)
        self._content = database.statement(_CONTENT)
        self._repeated = database.statement(_REPEATED)

    def add_all(
        self,
        batch: Sequence[OwedEvent],
        listeners_revision: int,
        now: datetime,
        kept: Kept | None = None,
        offer: LeaseOffer | None = None,
    ) -> Written | None:
        """Write events, one delivery for each of their targets, and what a source remembers: all of it or nothing.

        More than :data:`.pieces.MOST_AT_ONCE` deliveries are written in several transactions, of which the last one
        has what the source remembers. If that is interrupted, the same call completes it.

        An event whose id is stored already adds nothing; :attr:`Written.taken` says which of them have other content.
        An event that no listener gets is not stored, unless it is to be kept.

        :param offer: leases the lanes that begin with these events to a worker, which then need not claim them.
        :return: None if listeners changed since the revision by which ``owed`` was chosen, and nothing was written.
        :raises LeaseLost: the owner no longer holds the source's lease.
        """
        relevant = [each for each in batch if each.owed or each.kept or each.ended]
        if not relevant and (kept is None or not kept.remember):
            return self._database.read(lambda connection: self._nothing(connection, batch, listeners_revision, kept))
        try:
            if sum(map(_rows, relevant)) <= MOST_AT_ONCE:
                addition = Addition(relevant, listeners_revision if batch else None, now, kept, offer)
                try:
                    return self._database.write_together(self._add, addition)
                except _Unfinished:
                    return self._add_parts([[each] for each in relevant], listeners_revision, now, kept, large=True)
            return self._add_parts(list(_parts(relevant)), listeners_revision, now, kept)
        except ListenersChanged:
            return None

    def _add_parts(
        self,
        parts: Sequence[Sequence[OwedEvent]],
        listeners_revision: int,
        now: datetime,
        kept: Kept | None,
        large: bool = False,
    ) -> Written:
        """Write the parts of a batch in order; what a source remembers is written with the last one.

        :param large: write each event as a large one, because some of its deliveries may be written.
        """
        lease = kept and replace(kept, remember={})
        works: list[Addition | LargeEvent] = []
        before = 0
        for part in parts:
            if large or sum(map(_rows, part)) > MOST_AT_ONCE:
                works.append(large_event(part[0], listeners_revision, now, before))
            else:
                works.append(Addition(part, listeners_revision, now, lease, None, before))
            before += len(part)
        # All of them have a JSON form.
        deliveries, taken = 0, dict[str, str]()
        for work in works:
            remembered = kept if work is works[-1] else lease
            if isinstance(work, LargeEvent):
                written = self._pieces.write(work, remembered)
            else:
                work.kept = remembered
                written = self._database.write_together(self._add, work)
            deliveries += written.deliveries
            taken |= written.taken
        return Written(deliveries, listeners_revision=listeners_revision, taken=taken)

    def stored(self, event_ids: Collection[UUID]) -> list[UUID]:
        """Return which of these events are stored."""
        ids = list(map(str, event_ids))
        return [
            UUID(found) for (found,) in self._database.read(lambda connection: self._ids.run(connection, events=ids))
        ]

    def _nothing(
        self, connection: sa.Connection, batch: Sequence[OwedEvent], listeners_revision: int, kept: Kept | None
    ) -> Written | None:
        # None of the events is kept. A source never repeats those, so only the holder of its lease may skip them.
        if kept is not None:
            self._memory.require_lease(connection, kept)
        if kept is None and len(batch) == 1:
            return self._unmatched(connection, batch[0].event, listeners_revision)
        return Written(0) if self._listeners.revision(connection) == listeners_revision else None

    def _unmatched(self, connection: sa.Connection, event: Event, listeners_revision: int) -> Written | None:
        # Listeners may have matched the event, or another one with its id, when it was fired before.
        event_id = str(event.id)
        ((revision, *stored, deliveries),) = self._repeated.run(connection, event_id=event_id)
        if revision != listeners_revision:
            return None
        repeats = () if stored[0] is None else [((event_id, event.type, *event.encoded()), stored)]
        return Written(deliveries, taken=taken_ids(repeats))

    def _add(self, connection: sa.Connection, additions: Sequence[Addition]) -> list[Written]:
        return [
            written for together in _split_after_ends(additions) for written in self._add_together(connection, together)
        ]

    def _add_together(self, connection: sa.Connection, additions: Sequence[Addition]) -> list[Written]:
        # In the order of their ids, so that two transactions cannot deadlock.
        for kept in sorted((each.kept for each in additions if each.kept), key=lambda kept: kept.source_id):
            self._memory.keep(connection, kept)
        events: dict[str, Row] = {}
        for each in additions:
            for event_id, row in each.events.items():
                events.setdefault(event_id, row)  # the first one counts
        # In the order of their ids, for the same reason. On PostgreSQL they are sent together with the lanes.
        inserted = self._insert_events.start(connection, [events[event_id] for event_id in sorted(events)])
        if additions[-1].ended:
            new = {event_id for (event_id,) in inserted()}
            revision = self._end_listeners(connection, additions, new)
            lanes, begun = self._upsert(connection, additions)
        else:
            lanes, begun = self._upsert(connection, additions)
            new = {event_id for (event_id,) in inserted()}
            revision = _required(additions, lanes[0][3] if lanes else self._listeners.revision(connection))
        claims = self._write_deliveries(connection, additions, {key: events[key] for key in new}, begun, lanes)
        stored = self._stored(connection, additions, events, new)
        return [
            Written(
                len(each.deliveries) if each.events.keys() <= new else self._count_of(connection, each),
                claims.get(each.offer.owner, ()) if each.offer is not None else (),
                revision,
                taken_ids((row, stored[row[0]]) for row in (*each.events.values(), *each.repeated)) if stored else {},
            )
            for each in additions
        ]

    def _stored(
        self, connection: sa.Connection, additions: Sequence[Addition], events: Mapping[str, Row], new: Collection[str]
    ) -> Mapping[str, Sequence[str]]:
        """Return type, payload and call report under each id; nothing if there is no repeat."""
        if len(new) == sum(len(each.events) + len(each.repeated) for each in additions):
            return {}
        stored: dict[str, Sequence[str]] = {event_id: row[1:4] for event_id, row in events.items()}
        known = [event_id for event_id in events if event_id not in new]
        if known:
            for event_id, *content, unfinished_after in self._content.run(connection, events=known):
                if unfinished_after is not None:
                    raise _Unfinished
                stored[event_id] = content
        return stored

    def _end_listeners(self, connection: sa.Connection, additions: Sequence[Addition], new: Collection[str]) -> int:
        # Before the lanes are locked: deleting a listener does it in this order too. It raises the revision.
        revision = _required(additions, self._listeners.revision(connection))
        last = additions[-1]
        ends = [listener_id for listener_id, event_id in last.ended if event_id in new or event_id not in last.events]
        self._listeners.end(connection, ends, last.now)
        return revision

    def _upsert(self, connection: sa.Connection, additions: Sequence[Addition]) -> tuple[list[Row], Mapping[str, Row]]:
        room: dict[str, int] = {}
        begun: dict[str, Row] = {}
        for each in additions:
            each.add_lanes(begun, room)
        # In the order of the keys, so that two transactions for the same listeners cannot deadlock.
        return self._upsert_lanes.run(connection, [begun[key] for key in sorted(begun)]), begun

    def _write_deliveries(
        self,
        connection: sa.Connection,
        additions: Sequence[Addition],
        events: Mapping[str, Row],
        begun: Mapping[str, Row],
        lanes: Sequence[Row],
    ) -> Mapping[str, Sequence[Claim]]:
        owed: list[tuple[datetime, str, Owed, str]] = []
        taken: set[str] = set()
        for each in additions:
            # An event that two threads fire at once is delivered once.
            fresh = (each.events.keys() & events.keys()) - taken
            taken |= fresh
            owed += [(each.now, *delivery) for delivery in each.deliveries if delivery[0] in fresh]
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

    def _count_of(self, connection: sa.Connection, addition: Addition) -> int:
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
            _, event_type, payload, call_report, occurred_at, source, *_ = events[event_id]
            event = Event.from_encoded(event_type, (payload, call_report), UUID(event_id), occurred_at, source)
            deliveries[lane].append(OwedDelivery(ids[event_id, lane], event, target.target, 0))
    claims: dict[str, list[Claim]] = defaultdict(list)
    for lane, (_, listener_id, _, owner, *_) in leased.items():
        claims[owner].append(Claim(lane, owner, listener_id, tuple(deliveries[lane])))
    return claims


def _required(additions: Sequence[Addition], revision: int) -> int:
    if any(each.listeners_revision not in (None, revision) for each in additions):
        raise ListenersChanged
    return revision


def _rows(each: OwedEvent) -> int:
    """Return how many rows an event takes, more or less."""
    return len(each.owed) or 1


def _parts(batch: Sequence[OwedEvent]) -> Iterable[list[OwedEvent]]:
    """Yield a batch in parts with a bounded number of rows each; an event with more is a part of its own."""
    part: list[OwedEvent] = []
    count = 0
    for each in batch:
        if part and count + _rows(each) > MOST_AT_ONCE:
            yield part
            part, count = [], 0
        part.append(each)
        count += _rows(each)
    if part:
        yield part


def _split_after_ends(additions: Sequence[Addition]) -> Iterable[list[Addition]]:
    # What ends listeners raises their revision, and what comes after it was chosen before.
    together: list[Addition] = []
    for addition in additions:
        together.append(addition)
        if addition.ended:
            yield together
            together = []
    if together:
        yield together
