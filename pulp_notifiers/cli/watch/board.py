"""The tasks of a live table: which of them are worth a place, and in which order."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from .task import SeenTask, Wanted

_RATE_SECONDS = 5


@dataclass(slots=True)
class Row:
    """A task and its place.

    :ivar first: when it was heard of.
    :ivar changed: when its state changed.
    :ivar heard: when the last message came.
    """

    task: SeenTask
    first: datetime
    changed: datetime
    heard: datetime

    def elapsed(self, now: datetime) -> timedelta:
        """Return how long the task has been, or was, at work, as far as that is known."""
        end = (self.task.ended or self.changed) if self.task.final else now
        # The clocks of two machines need not agree.
        return max(timedelta(), end - (self.task.started or self.first))


class Board:
    """Remembers tasks, and forgets those that ended a while ago or that nobody speaks of any more.

    :ivar messages: how many came.
    """

    def __init__(
        self,
        wanted: Wanted,
        keep_ended: timedelta = timedelta(minutes=1),
        keep_silent: timedelta = timedelta(hours=1),
        most: int = 1000,
    ) -> None:
        self.wanted = wanted
        self.messages = 0
        self._keep_ended = keep_ended
        self._keep_silent = keep_silent
        self._most = most
        self._rows: dict[str, Row] = {}
        self._arrivals: deque[list[int]] = deque(maxlen=_RATE_SECONDS + 1)  # second, messages

    def note(self, task: SeenTask, now: datetime) -> None:
        """Take a message to account."""
        self.messages += 1
        self._count(int(now.timestamp()))
        row = self._rows.get(task.task_id)
        if not self.wanted.takes(task):
            self._rows.pop(task.task_id, None)
        elif row is None:
            self._rows[task.task_id] = Row(task, now, now, now)
            if len(self._rows) > self._most:
                self._forget_one()
        else:
            row.changed = row.changed if row.task.state == task.state else now
            row.task, row.heard = task, now

    def rows(self, now: datetime) -> Sequence[Row]:
        """Return what is to be shown: tasks that go on above those that ended, and newest first.

        Newest is what changed its state last; by every step of progress, the rows would never stand still.
        """
        self._rows = {key: row for key, row in self._rows.items() if self._kept(row, now)}
        return sorted(self._rows.values(), key=lambda row: (row.task.final, -row.changed.timestamp()))

    def rate(self, now: datetime) -> float:
        """Return the messages per second of the last seconds, without the current one."""
        current = int(now.timestamp())
        counted = (count for second, count in self._arrivals if current - _RATE_SECONDS <= second < current)
        return sum(counted) / _RATE_SECONDS

    def _count(self, second: int) -> None:
        if self._arrivals and self._arrivals[-1][0] == second:
            self._arrivals[-1][1] += 1
        else:
            self._arrivals.append([second, 1])

    def _kept(self, row: Row, now: datetime) -> bool:
        return now - row.heard < (self._keep_ended if row.task.final else self._keep_silent)

    def _forget_one(self) -> None:
        oldest = min(self._rows.values(), key=lambda row: (not row.task.final, row.heard))
        del self._rows[oldest.task.task_id]
