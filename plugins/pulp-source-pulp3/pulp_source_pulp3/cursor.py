"""From where on new tasks are asked for."""

from collections import deque
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Self

from .tasks import stamp

OVERLAP = timedelta(seconds=60)
"""How late a task may become visible after the time of its creation, and how far clocks may step back."""

SETTLED = timedelta(minutes=10)
"""By the server's clock, tasks as old as this are visible even where that clock is not the database's."""

SWEEP_SECONDS = 20.0
"""How often the overlap is looked through again; in between, only what is newer than all that was seen."""

HEADER_PRECISION = timedelta(seconds=2)
"""How far behind the server's clock its header may be: whole seconds, cut off and sometimes kept for another one."""

_STEP_SLACK = timedelta(seconds=5)


class Cursor:
    """The newest time of creation that was seen, and as it was a minute ago.

    Times of creation are the server's. How long ago something was seen is measured by our own monotonic clock, so
    that neither a step of a clock nor a difference between two lets a task slip through.

    :param begin: tasks created up to here are not told, unless they were unfinished when the watch began.
    :param newest: the newest time of creation of which all tasks up to it were told.
    :param bound: where the overlap begins: finished tasks from before it are never asked for again.
    """

    def __init__(self, begin: datetime, newest: datetime, bound: datetime) -> None:
        self.begin = begin
        self.newest = newest
        self.bound = bound
        self._seen: deque[tuple[float, datetime]] = deque()
        self._swept: float | None = None

    @classmethod
    def starting(cls, begin: datetime) -> Self:
        """Return the cursor of a watch that begins."""
        return cls(begin, begin, begin)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Return the cursor that was remembered."""
        return cls(*(datetime.fromisoformat(value[name]) for name in ("begin", "newest", "bound")))

    def as_json(self, newest: datetime | None = None) -> dict[str, Any]:
        """Return what to remember, also with a time up to which it is about to advance."""
        return {"begin": stamp(self.begin), "newest": stamp(newest or self.newest), "bound": stamp(self.bound)}

    def sweeps(self, seconds: float, server_time: datetime | None) -> bool:
        """Tell whether the overlap is due; also where the server's clock is behind what was seen already."""
        behind = server_time is not None and server_time + HEADER_PRECISION < self.newest
        return behind or self._swept is None or seconds - self._swept >= SWEEP_SECONDS

    def rewind(self, server_time: datetime | None, unwatched_seconds: float | None) -> bool:
        """Begin the overlap earlier if the server's clock has stepped back; tell whether it has.

        :param unwatched_seconds: for how long at most the clock can have been like that.
        """
        if server_time is None or server_time + HEADER_PRECISION >= self.bound:
            return False
        unwatched = OVERLAP if unwatched_seconds is None else timedelta(seconds=unwatched_seconds)
        self.bound = server_time - unwatched - _STEP_SLACK
        self.begin = min(self.begin, self.bound)
        return True

    def advance(self, seconds: float, newest: datetime, server_time: datetime | None) -> None:
        """Take note that everything up to a time of creation was told."""
        if newest > self.newest:
            self.newest = newest
            self._seen.append((seconds, newest))
        if server_time is not None and newest < server_time - SETTLED:
            self.bound = max(self.bound, newest)

    def swept(self, seconds: float) -> None:
        """Take note that everything from the bound on was seen, by questions that began at a moment.

        What was created before the newest task that had been seen a minute earlier is visible by then.
        """
        self._swept = seconds
        while self._seen and seconds - self._seen[0][0] >= OVERLAP.total_seconds():
            self.bound = max(self.bound, self._seen.popleft()[1])
