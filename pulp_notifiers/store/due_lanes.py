"""Leases the lanes that are due, without reading again and again those that nobody has room for."""

import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from ..records import SUSPECTED_CRASHES
from .database import Database
from .statement import Row, utc_time

# Who leaves a lane by itself clears its owner; so a lane that has one was held by a process that ended.
_CRASHES = "crashes + CASE WHEN lease_owner IS NULL THEN 0 ELSE 1 END"
# A lease that ends much later than it can, as a clock that was wrong has written it, does not count. It may be twice as
# long, because after the clock was set back its holder needs a moment to renew it.
_FREE = "(lease_owner IS NULL OR lease_until <= :now OR seconds_until(lease_until) > 2 * wait_seconds + 1)"

_FOUND = f"""
    SELECT due_at, id, listener_id, {_CRASHES} AS crashes,
        CASE WHEN {_FREE} THEN NULL ELSE lease_until END AS held_until
    FROM lanes
"""
# Not (due_at, id) > (...), for which SQLite reads all lanes that are due at the same time.
_SCAN = f"""
    {_FOUND} WHERE due_at = :after_due AND id > :after_id AND due_at <= :now
    UNION ALL {_FOUND} WHERE due_at > :after_due AND due_at <= :now
    ORDER BY due_at, id LIMIT :rows
"""
_FIRST_OF = f"""
    SELECT id FROM lanes
    WHERE listener_id = l.value AND due_at <= :now AND {_FREE} AND {_CRASHES} < {SUSPECTED_CRASHES}
    ORDER BY due_at, id LIMIT :most
"""
# A lateral join, which SQLite does not have; for the other form PostgreSQL would read the whole table.
_OF_LISTENERS = {
    "sqlite": f"SELECT n.id, n.listener_id FROM each(:listeners) AS l CROSS JOIN lanes n WHERE n.id IN ({_FIRST_OF})",
    "postgresql": f"""
        SELECT n.id, l.value FROM unnest(CAST(:listeners AS text[])) AS l(value) CROSS JOIN LATERAL ({_FIRST_OF}) AS n
    """,
}
# Another worker may have leased some since they were read; it never waits, so two workers cannot deadlock.
_LEASE = f"""
    UPDATE lanes SET crashes = {_CRASHES}, lease_owner = :owner, lease_until = :until, wait_seconds = :seconds
    WHERE id IN (
        SELECT id FROM lanes WHERE id = any(:lanes) AND due_at <= :now AND {_FREE} FOR UPDATE SKIP LOCKED
    )
    RETURNING id, crashes
"""
# A lane that is leased was due then, and one that is not waits no longer than was decided when it was returned.
_FIX_DUE = """
    UPDATE lanes SET due_at = :now WHERE id IN (
        SELECT id FROM lanes WHERE due_at > :now
            AND seconds_until(due_at) > CASE WHEN lease_owner IS NULL THEN wait_seconds ELSE 0 END + 1
        FOR UPDATE SKIP LOCKED
    )
"""
_FIX_EVERY = timedelta(minutes=1)
"""It reads all lanes that wait for their next attempt."""

LONGEST_WAIT = timedelta(days=7)
"""No setting allows more."""

_ROWS_AT_ONCE = 100
_MOST_ROWS = 1000
"""The most rows that one claim reads; the next one continues after them."""

_LAG = timedelta(seconds=1)
"""A lane that is committed later than its due time says, by less than that, is found by the next claim."""

_SHORTEST_ROUND = timedelta(seconds=1)
_ROUND_FOR_READING = 50
"""A round takes at least so many times what reading its lanes takes: if 100,000 are due, some seconds."""

_BEGINNING = datetime(1, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Lease:
    """A lease that begins."""

    owner: str
    now: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class LeasedLane:
    """A lane that was leased.

    :ivar crashes: how often in a row the process that held it ended.
    """

    id: int
    listener_id: str
    crashes: int


class _Choice:
    """What one claim leases.

    :ivar lanes: lanes with their listeners that are to be leased.
    :ivar leased: those that were.
    """

    def __init__(self, limit: int, full: Collection[str], most_of: Callable[[str], int]) -> None:
        self.lanes: dict[int, str] = {}
        self.leased: dict[int, LeasedLane] = {}
        self._limit = limit
        self._full = full if isinstance(full, frozenset | set) else frozenset(full)
        self._most_of = most_of
        self._taken: Counter[str] = Counter()

    @property
    def left(self) -> int:
        """How many further lanes may be taken."""
        return self._limit - len(self.lanes) - len(self.leased)

    def room(self, listener_id: str) -> int:
        """Return how many further lanes of a listener may be taken."""
        return 0 if listener_id in self._full else self._most_of(listener_id) - self._taken[listener_id]

    def with_room(self, listeners: dict[str, None]) -> list[str]:
        """Return the listeners of which a further lane may be taken, in their order."""
        # They may be thousands, all of them full: this takes a tenth of asking for each.
        return [] if self._full.issuperset(listeners) else [each for each in listeners if self.room(each) > 0]

    def take(self, lane: int, listener_id: str) -> bool:
        """Take a lane, if there is room for it; return whether it is taken."""
        if lane not in self.lanes and lane not in self.leased:
            if self.room(listener_id) <= 0:
                return False
            self._taken[listener_id] += 1
            self.lanes[lane] = listener_id
        return True

    def leased_of_these(self, crashes: Mapping[int, int]) -> None:
        """Note which of the lanes were leased; there is room again for the others."""
        for lane, listener_id in self.lanes.items():
            if lane in crashes:
                self.leased[lane] = LeasedLane(lane, listener_id, crashes[lane])
            else:
                self._taken[listener_id] -= 1
        self.lanes = {}


class DueLanes:
    """Leases lanes that are due and free, those first that are due first.

    It reads the due lanes in rounds, each from the one that is due first up to the present, over several claims if they
    are many; then it reads only what has become due since. The listeners whose lanes had to be left, because the worker
    had no room for them, are remembered. As soon as it has, their lanes are looked up by listener. So a claim costs the
    same however many lanes wait for a receiver that hangs.

    A new round begins after a second, or later if the last one took long; when a lease ends that somebody held; and
    after :meth:`restart`. Only one thread at a time leases.

    A lane that waits longer than was decided, because the clock has been set back since, is due at once. Such lanes are
    looked for at the first claim, when the time goes back, and every minute.

    :param monotonic: seconds that never go back; they measure what reading costs.
    """

    def __init__(self, database: Database, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._scan = database.statement(_SCAN)
        self._of_listeners = database.statement(_OF_LISTENERS[database.dialect])
        self._lease = database.statement(_LEASE)
        self._fix_due = database.statement(_FIX_DUE)
        self._monotonic = monotonic
        self._restart = True
        self._uncommitted = False
        self._complete = True
        self._began_at = self._latest = _BEGINNING
        self._fix_at = _BEGINNING
        self._seconds = 0.0
        self._after: tuple[Any, int] = (_BEGINNING, 0)
        self._lease_end: Any = None
        # A dict as an ordered set: the listeners whose lanes were left, in this round and in the one before.
        self._left: dict[str, None] = {}
        self._left_before: dict[str, None] = {}
        self._suspected: dict[int, tuple[int, str]] = {}

    def restart(self) -> None:
        """Begin a new round with the next claim, because a lane that was passed may be due."""
        self._restart = True

    def committed(self) -> None:
        """Note that the leases of the last call are stored; or else the lanes that it passed would be missed."""
        self._uncommitted = False

    def has_passed(self, due_at: datetime) -> bool:
        """Return whether a lane that is due then may have been passed in this round."""
        return due_at <= utc_time(self._after[0])

    def lease(
        self,
        connection: sa.Connection,
        lease: Lease,
        limit: int,
        full: Collection[str],
        most_of: Callable[[str], int],
        suspects: int,
    ) -> tuple[Collection[LeasedLane], bool]:
        """Return the lanes that were leased, and whether the next claim should follow at once.

        :param full: listeners of which no lane is leased.
        :param most_of: returns how many lanes of a listener to lease at most.
        :param suspects: how many lanes to lease at most whose delivery is suspected of ending processes.
        """
        went_back = lease.now < self._latest
        if self._uncommitted or went_back or self._is_round_over(lease.now):
            self._begin_round()
            self._began_at = lease.now
        if self._uncommitted or went_back or lease.now >= self._fix_at:
            self._fix_due.run(connection, now=lease.now)
            self._fix_at = lease.now + _FIX_EVERY
        self._uncommitted, self._latest = True, lease.now
        if limit <= 0:
            return (), False
        choice = _Choice(limit, full, most_of)
        others_wait, some_done = self._take_left(connection, choice, lease)
        began = self._monotonic()
        self._read_on(connection, choice, lease)
        self._seconds += self._monotonic() - began
        self._take_suspects(choice, suspects)
        self._lease_chosen(connection, choice, lease)
        # Without a rest only if this claim got on, or else it would be repeated until another worker commits.
        more = others_wait and (some_done or bool(choice.leased))
        return choice.leased.values(), more or not self._complete

    def _is_round_over(self, now: datetime) -> bool:
        if self._restart:
            return True
        if self._complete and self._lease_end is not None and utc_time(self._lease_end) <= now:
            return True
        return now - self._began_at >= max(_SHORTEST_ROUND, timedelta(seconds=_ROUND_FOR_READING * self._seconds))

    def _begin_round(self) -> None:
        self._restart = self._complete = False
        self._seconds, self._after, self._lease_end = 0.0, (_BEGINNING, 0), None
        self._left_before, self._left, self._suspected = {**self._left_before, **self._left}, {}, {}

    def _lease_chosen(self, connection: sa.Connection, choice: _Choice, lease: Lease) -> None:
        if choice.lanes:
            lanes = list(choice.lanes)
            seconds = (lease.until - lease.now).total_seconds()
            leased = self._lease.run(
                connection, lanes=lanes, owner=lease.owner, now=lease.now, until=lease.until, seconds=seconds
            )
            choice.leased_of_these(dict(map(tuple, leased)))

    def _take_left(self, connection: sa.Connection, choice: _Choice, lease: Lease) -> tuple[bool, bool]:
        """Take lanes of listeners that have room again.

        :return: whether some of these listeners have to wait for the next claim, and whether others have no more lanes.
        """
        with_room = choice.with_room(self._left_before) + choice.with_room(self._left)
        # Half of the limit, so that the others have their turn too.
        wanted, left = {}, max(1, choice.left // 2)
        candidates = list(dict.fromkeys(with_room))
        for listener_id in candidates:
            if left <= 0:
                break
            wanted[listener_id] = min(choice.room(listener_id), left)
            left -= wanted[listener_id]
        for most in set(wanted.values()):
            listeners = [listener_id for listener_id in wanted if wanted[listener_id] == most]
            found = Counter(self._taken_of(connection, listeners, most, choice, lease))
            for listener_id in listeners:
                # Behind the others, if it may have more.
                self._left_before.pop(listener_id, None)
                self._left.pop(listener_id, None)
                if found[listener_id] == most:
                    self._left[listener_id] = None
        return len(wanted) < len(candidates), any(listener_id not in self._left for listener_id in wanted)

    def _taken_of(
        self,
        connection: sa.Connection,
        listeners: list[str],
        most: int,
        choice: _Choice,
        lease: Lease,
    ) -> Iterable[str]:
        for lane, listener_id in self._of_listeners.run(connection, listeners=listeners, most=most, now=lease.now):
            choice.take(lane, listener_id)
            yield listener_id

    def _read_on(self, connection: sa.Connection, choice: _Choice, lease: Lease) -> None:
        self._complete = False
        for _ in range(0, _MOST_ROWS, _ROWS_AT_ONCE):
            due_at, lane = self._after
            rows = self._scan.run(connection, after_due=due_at, after_id=lane, rows=_ROWS_AT_ONCE, now=lease.now)
            for row in rows:
                if choice.left <= 0:
                    # Further ones only if another worker was faster with these.
                    self._lease_chosen(connection, choice, lease)
                    if choice.left <= 0:
                        return
                self._see(row, choice)
            if len(rows) < _ROWS_AT_ONCE:
                self._complete = True
                self._left_before = {}
                self._after = (lease.now - _LAG, 0)
                return

    def _see(self, row: Row, choice: _Choice) -> None:
        due_at, lane, listener_id, crashes, held_until = row
        self._after = due_at, lane
        if held_until is not None:
            self._lease_end = held_until if self._lease_end is None else min(self._lease_end, held_until)
        elif crashes >= SUSPECTED_CRASHES:
            self._suspected[lane] = crashes, listener_id
        elif not choice.take(lane, listener_id):
            self._left[listener_id] = None

    def _take_suspects(self, choice: _Choice, suspects: int) -> None:
        # Beyond the limit, or they would wait for the end of a backlog.
        for lane, (_, listener_id) in sorted(self._suspected.items(), key=lambda item: item[1][0]):
            if suspects <= 0:
                return
            if choice.take(lane, listener_id):
                del self._suspected[lane]
                suspects -= 1
