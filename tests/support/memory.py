"""Stands in for the store in tests of the engine: the same rules, in memory."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from pulp_notifiers.plugin_host import LoadedNotifier
from pulp_notifiers.records import (
    Attempted,
    Claim,
    Claimed,
    DeliveryState,
    LaneState,
    Listener,
    Pruned,
    numbered_name,
)

START = datetime(2026, 1, 1, tzinfo=UTC)


class Clock:
    """A time that passes only when a test advances it."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> None:
        """Advance the time."""
        self.now += timedelta(seconds=seconds)


class ListenerTable:
    """Listeners, as the store has them."""

    def __init__(self, *listeners: Listener) -> None:
        self.kept = {listener.id: listener for listener in listeners}
        self.revision = 0

    def all(self) -> tuple[int, list[Listener]]:
        """Return the revision and all listeners."""
        return self.revision, list(self.kept.values())

    def latest_revision(self) -> int:
        """Return the revision alone."""
        return self.revision

    def get(self, listener_id: str) -> Listener | None:
        """Return one listener."""
        return self.kept.get(listener_id)

    def named(self, name: str) -> Listener | None:
        """Return the listener that has a name."""
        return next((listener for listener in self.kept.values() if listener.name == name), None)

    def add(
        self,
        listener: Listener,
        name_like: str | None = None,
        answer: Callable[[Listener], Any] = lambda _listener: None,
    ) -> Listener:
        """Store a listener."""
        if listener.name is None and name_like is not None:
            names = [name_like, *(numbered_name(name_like, number) for number in range(2, len(self.kept) + 3))]
            listener = replace(listener, name=next(name for name in names if self.named(name) is None))
        self.kept[listener.id] = listener
        self.revision += 1
        return listener

    def change(self, listener_id: str, change: Callable[[Listener], Listener]) -> Listener | None:
        """Change a listener."""
        stored = self.kept.get(listener_id)
        if stored is None:
            return None
        self.add(change(stored))
        return self.kept[listener_id]

    def delete(self, listener_id: str, now: datetime, precondition: Callable[[Listener], None] | None = None) -> bool:
        """Delete a listener."""
        if precondition is not None and listener_id in self.kept:
            precondition(self.kept[listener_id])
        self.revision += 1
        return self.kept.pop(listener_id, None) is not None


class NotifierTable:
    """Notifiers by type."""

    def __init__(self, **plugins: Any) -> None:
        self._loaded = {name: LoadedNotifier(name, plugin) for name, plugin in plugins.items()}

    def knows(self, notifier_type: str) -> bool:
        """Return whether a notifier of this type exists."""
        return notifier_type in self._loaded

    def get(self, notifier_type: str) -> LoadedNotifier:
        """Return a notifier."""
        return self._loaded[notifier_type]


class ClaimTable:
    """Hands out prepared claims and keeps what is recorded, renewed and released."""

    def __init__(self, *claims: Claim) -> None:
        self.waiting = list(claims)
        self.recorded: list[Attempted] = []
        self.renewed: list[tuple[list[Claim], datetime]] = []
        self.released: list[Claim] = []
        self.lost: set[int] = set()
        self.revision = 0

    def claim(
        self,
        now: datetime,
        until: datetime,
        limit: int,
        except_listeners: Collection[str],
        most_of: Callable[[str], int],
        suspects: int,
    ) -> Claimed:
        """Hand out claims of listeners that are not excepted, and of each listener no more than it may have."""
        chosen: list[Claim] = []
        possible = [claim for claim in self.waiting if claim.listener_id not in except_listeners]
        for claim in possible[:limit]:
            if sum(each.listener_id == claim.listener_id for each in chosen) < most_of(claim.listener_id):
                chosen.append(claim)
        for each in chosen:
            self.waiting.remove(each)  # not another list: a test may add to this one at the same moment
        return Claimed(chosen, len(possible) > limit, None, self.revision)

    def renew(self, claims: Iterable[Claim], until: datetime) -> list[Claim]:
        """Keep the renewed claims."""
        renewed = list(claims)
        self.renewed.append((renewed, until))
        return [claim for claim in renewed if claim.lane in self.lost]

    def release(self, claims: Iterable[Claim]) -> None:
        """Keep the released claims."""
        self.released.extend(claims)

    def record(self, attempted: Sequence[Attempted], now: datetime) -> list[LaneState]:
        """Keep outcomes."""
        return [self._state(each) for each in attempted]

    def _state(self, attempted: Attempted) -> LaneState:
        if attempted.claim.lane in self.lost:
            return LaneState.LOST
        self.recorded.append(attempted)
        if not attempted.last:
            return LaneState.HELD
        return LaneState.PENDING if attempted.outcome.state is DeliveryState.PENDING else LaneState.EMPTY


class NothingOld:
    """Rows of which none is ever old."""

    def prune(self, delivered_before: datetime, dead_before: datetime, events_before: datetime) -> Pruned:
        """Delete nothing."""
        return Pruned(0, 0)
