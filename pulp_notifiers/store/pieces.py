"""Writes an event with very many deliveries in pieces, so that other threads' events are written in between."""

import time
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from ..errors import PartlyWritten, StoreUnavailable
from ..records import DeliveryState, Kept, Owed, Written
from .database import Database
from .event_content import taken_ids
from .listeners import ListenerState
from .source_memory import SourceMemory
from .statement import Insert, Row

MOST_AT_ONCE = 1000
"""Deliveries that are written in one transaction, which takes about 30 ms on SQLite; more are written in pieces."""

_LARGEST_PIECE = 500
"""Deliveries. Smaller than above, because other events wait for one piece after the other."""

_LONGEST_PAUSE_SECONDS = 0.1

_PROGRESS = """
    SELECT type, payload, call_report, unfinished_after FROM events WHERE id = :event_id FOR UPDATE
"""
_SET_PROGRESS = "UPDATE events SET unfinished_after = :after WHERE id = :event_id"
_COUNT = "SELECT count(*) FROM deliveries WHERE event_id = :event_id"
_PENDING = DeliveryState.PENDING.value


class ListenersChanged(Exception):
    """Targets were chosen for an older revision of the listeners; undoes what was written."""


@dataclass(frozen=True, slots=True)
class LargeEvent:
    """An event that is written in pieces.

    :ivar row: of the table ``events``.
    :ivar deliveries: key of the lane and target of each, in the order of the keys.
    :ivar ended: the listeners that end with it.
    """

    row: Row
    deliveries: Sequence[tuple[str, Owed]]
    ended: Sequence[str]
    listeners_revision: int
    now: datetime

    def after(self, key: str) -> Sequence[tuple[str, Owed]]:
        """Return the deliveries in lanes behind a key."""
        return self.deliveries[bisect_right(self.deliveries, key, key=lambda delivery: delivery[0]) :]


class Pieces:
    """Writes large events.

    The event's row says how far its deliveries are written, in the order of the keys of their lanes. So whoever fires
    the same event again, after a crash or at the same time, continues there and doubles nothing.

    :param insert_events: the insert of the outbox; so are the others.
    """

    def __init__(
        self,
        database: Database,
        insert_events: Insert,
        upsert_lanes: Insert,
        insert_deliveries: Insert,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._database = database
        self._insert_events = insert_events
        self._upsert_lanes = upsert_lanes
        self._insert_deliveries = insert_deliveries
        self._monotonic = monotonic
        self._sleep = sleep
        self._memory = SourceMemory(database)
        self._listeners = ListenerState(database)
        self._progress = database.statement(_PROGRESS)
        self._set_progress = database.statement(_SET_PROGRESS)
        self._count = database.statement(_COUNT)

    def write(self, event: LargeEvent, kept: Kept | None) -> Written:
        """Write what is missing of an event; return once all of it is on disk.

        :param kept: what a source remembers; written with the last piece, while its lease is checked with each.
        :raises ListenersChanged: the listeners' revision is another one; some pieces may be written.
        :raises LeaseLost: the owner no longer holds the source's lease; some pieces may be written.
        :raises PartlyWritten: the database failed after a piece.
        """
        pieces = 0
        while True:
            began_at = self._monotonic()
            try:
                written = self._database.write(lambda connection: self._write_piece(connection, event, kept))
            except StoreUnavailable as unavailable:
                if pieces == 0:
                    raise
                raise PartlyWritten(UUID(event.row[0]), unavailable) from unavailable
            if written is not None:
                return written
            pieces += 1
            if self._database.dialect == "sqlite":
                # Another process asks again and again for SQLite's lock, and must have a fair chance to find it free.
                self._sleep(min(self._monotonic() - began_at, _LONGEST_PAUSE_SECONDS))

    def _write_piece(self, connection: sa.Connection, event: LargeEvent, kept: Kept | None) -> Written | None:
        # Rows are locked in the order of the outbox: source, event, listeners, lanes.
        if kept is not None:
            self._memory.keep(connection, replace(kept, remember={}))
        after: str | None = ""
        taken: Mapping[str, str] = {}
        if not self._insert_events.run(connection, [event.row]):
            after, taken = self._known(connection, event)
        last = after is None or self._add(connection, event, after)
        if not last:
            return None
        if kept is not None:
            self._memory.keep(connection, kept)
        ((deliveries,),) = self._count.run(connection, event_id=event.row[0])
        return Written(deliveries, listeners_revision=event.listeners_revision, taken=taken)

    def _known(self, connection: sa.Connection, event: LargeEvent) -> tuple[str | None, Mapping[str, str]]:
        """Return how far a stored event is written, None if nothing of it is missing, and whether it is another one."""
        found = self._progress.run(connection, event_id=event.row[0])
        if not found:
            return None, {}  # deleted as old, a moment ago
        ((*stored, after),) = found
        taken = taken_ids([(event.row, stored)])
        return (None if taken else after), taken

    def _add(self, connection: sa.Connection, event: LargeEvent, after: str) -> bool:
        """Write the next piece; return whether it is the last one."""
        if self._listeners.revision(connection) != event.listeners_revision:
            raise ListenersChanged
        missing = event.after(after)
        piece = missing[:_LARGEST_PIECE]
        last = len(piece) == len(missing)
        if last:
            self._listeners.end(connection, event.ended, event.now)
        lanes = self._upsert_lanes.run(
            connection, [(key, owed.listener_id, event.now, None, None, 0.0) for key, owed in piece]
        )
        ids = {key: lane for key, lane, *_ in lanes}
        self._insert_deliveries.run(
            connection,
            [
                (event.row[0], owed.listener_id, owed.notifier_type, owed.target, ids[key], event.now, _PENDING, 0)
                for key, owed in piece
            ],
        )
        if after or not last:
            self._set_progress.run(connection, event_id=event.row[0], after=None if last else piece[-1][0])
        return last
