"""The tasks of the live table: which are kept, and in which order."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from .task import SeenTask, TaskFilter

_RATE_SECONDS = 5


@dataclass(slots=True)
class Row:
    """A task, and when its messages arrived.

    :ivar first: when the first one did.
    :ivar changed: when its state changed.
    :ivar latest: when the last one did.
    """

    task: SeenTask
    first: datetime
    changed: datetime
    latest: datetime

    def elapsed(self, now: datetime) -> timedelta:
        """Return how long the task has been running, or ran, as far as that is known."""
        end = (self.task.ended or self.changed) if self.task.final else now
        # The clocks of two machines need not agree.
        return max(timedelta(), end - (self.task.started or self.first))


class TaskList:
    """Keeps tasks, but not those that ended a while ago or had no message for a long time.

    :param task_filter: which tasks to keep.
    :param keep_ended: how long a task is kept after its last message, if it has ended.
    :param keep_silent: the same, if it has not.
    :param most: how many tasks are kept.
    :ivar messages: how many arrived.
    """

    def __init__(
        self,
        task_filter: TaskFilter,
        keep_ended: timedelta = timedelta(minutes=1),
        keep_silent: timedelta = timedelta(hours=1),
        most: int = 1000,
    ) -> None:
        self.task_filter = task_filter
        self.messages = 0
        self._keep_ended = keep_ended
        self._keep_silent = keep_silent
        self._most = most
        self._rows: dict[str, Row] = {}
        self._arrivals: deque[list[int]] = deque(maxlen=_RATE_SECONDS + 1)  # second, messages

    def add(self, task: SeenTask, now: datetime) -> None:
        """Add what a message says about a task."""
        self.messages += 1
        self._count_message(int(now.timestamp()))
        row = self._rows.get(task.task_id)
        if not self.task_filter.matches(task):
            self._rows.pop(task.task_id, None)
        elif row is None:
            self._rows[task.task_id] = Row(task, now, now, now)
            if len(self._rows) > self._most:
                self._drop_one()
        else:
            row.changed = row.changed if row.task.state == task.state else now
            row.task, row.latest = task, now

    def rows(self, now: datetime) -> Sequence[Row]:
        """Return what to show: tasks that have not ended first, and the newest change of state first.

        If progress counted as a change, the rows would never stand still.
        """
        self._rows = {key: row for key, row in self._rows.items() if self._is_kept(row, now)}
        return sorted(self._rows.values(), key=lambda row: (row.task.final, -row.changed.timestamp()))

    def rate(self, now: datetime) -> float:
        """Return the messages per second of the last full seconds, without the current one."""
        current = int(now.timestamp())
        counted = (count for second, count in self._arrivals if current - _RATE_SECONDS <= second < current)
        return sum(counted) / _RATE_SECONDS

    def _count_message(self, second: int) -> None:
        if self._arrivals and self._arrivals[-1][0] == second:
            self._arrivals[-1][1] += 1
        else:
            self._arrivals.append([second, 1])

    def _is_kept(self, row: Row, now: datetime) -> bool:
        return now - row.latest < (self._keep_ended if row.task.final else self._keep_silent)

    def _drop_one(self) -> None:
        oldest = min(self._rows.values(), key=lambda row: (not row.task.final, row.latest))
        del self._rows[oldest.task.task_id]
