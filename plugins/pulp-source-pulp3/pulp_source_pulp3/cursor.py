"""The time of creation from which new tasks are requested."""

from collections import deque
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Self

from .tasks import stamp

OVERLAP = timedelta(seconds=60)
"""How late a task may become visible after the time of its creation, and how far clocks may step back."""

SETTLED = timedelta(minutes=10)
"""Tasks this old by the server's clock are visible, even if that clock differs from the database's."""

SWEEP_SECONDS = 20.0
"""How often the overlap is read again; in between, only tasks newer than all known ones are requested."""

HEADER_PRECISION = timedelta(seconds=2)
"""How far the Date header may lag behind the server's clock: it is cut to whole seconds, and sometimes a second old."""

_STEP_SLACK = timedelta(seconds=5)


class Cursor:
    """The newest time of creation seen so far, and the newest one seen a minute ago.

    Times of creation are the server's. How long ago something was seen is measured by our own monotonic clock, so
    no task is missed because a clock stepped or two clocks differ.

    :param begin: tasks created up to this time are not reported, unless they were unfinished when the watch started.
    :param newest: all tasks created up to this time have been reported.
    :param bound: start of the overlap; finished tasks created before it are never requested again.
    """

    def __init__(self, begin: datetime, newest: datetime, bound: datetime) -> None:
        self.begin = begin
        self.newest = newest
        self.bound = bound
        self._seen: deque[tuple[float, datetime]] = deque()
        self._swept: float | None = None

    @classmethod
    def starting(cls, begin: datetime) -> Self:
        """Return the cursor of a new watch."""
        return cls(begin, begin, begin)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Return the remembered cursor."""
        return cls(*(datetime.fromisoformat(value[name]) for name in ("begin", "newest", "bound")))

    def as_json(self, newest: datetime | None = None) -> dict[str, Any]:
        """Return what to remember.

        :param newest: the time to which the cursor is about to advance.
        """
        return {"begin": stamp(self.begin), "newest": stamp(newest or self.newest), "bound": stamp(self.bound)}

    def sweeps(self, seconds: float, server_time: datetime | None) -> bool:
        """Return whether to read the overlap: it is due, or the server's clock is behind the newest task."""
        behind = server_time is not None and server_time + HEADER_PRECISION < self.newest
        return behind or self._swept is None or seconds - self._swept >= SWEEP_SECONDS

    def rewind(self, server_time: datetime | None, unwatched_seconds: float | None) -> bool:
        """Move the start of the overlap back if the server's clock stepped back; return whether it did.

        :param unwatched_seconds: the longest time for which the clock can have been wrong.
        """
        if server_time is None or server_time + HEADER_PRECISION >= self.bound:
            return False
        unwatched = OVERLAP if unwatched_seconds is None else timedelta(seconds=unwatched_seconds)
        self.bound = server_time - unwatched - _STEP_SLACK
        self.begin = min(self.begin, self.bound)
        return True

    def advance(self, seconds: float, newest: datetime, server_time: datetime | None) -> None:
        """Note that everything up to a time of creation has been reported."""
        if newest > self.newest:
            self.newest = newest
            self._seen.append((seconds, newest))
        if server_time is not None and newest < server_time - SETTLED:
            self.bound = max(self.bound, newest)

    def swept(self, seconds: float) -> None:
        """Note that everything from the bound on has been read, by requests that started at a moment.

        By then, everything created before the newest task of a minute earlier is visible.
        """
        self._swept = seconds
        while self._seen and seconds - self._seen[0][0] >= OVERLAP.total_seconds():
            self.bound = max(self.bound, self._seen.popleft()[1])
