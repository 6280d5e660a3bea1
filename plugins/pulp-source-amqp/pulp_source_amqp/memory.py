"""Remembers which states of tasks were seen recently."""

from dataclasses import dataclass
from datetime import datetime

from pulp_notifiers.task import FINAL_TASK_STATES, TaskReport


@dataclass(frozen=True, slots=True)
class _Seen:
    state: str
    start_time: datetime | None


class LatelySeen:
    """The last states of recent tasks.

    A forgotten task costs extra work and repeats no events, because events that are made again have the same ids.

    :param remembered: how many tasks are remembered at least; at most twice as many are.
    """

    def __init__(self, remembered: int = 10_000) -> None:
        self._remembered = remembered
        self._recent: dict[str, _Seen] = {}
        self._older: dict[str, _Seen] = {}

    def state(self, report: TaskReport) -> str | None:
        """Return the state in which the run of a task that a report is about was seen last."""
        seen = self._seen(report.task_id)
        return None if seen is None or _is_another_run(seen, report) else seen.state

    def is_news(self, report: TaskReport) -> bool:
        """Return whether a state differs from the last one; nothing follows a final state in the same run.

        Another start time means another run. A state without one continues the run: RabbitMQ may deliver a message
        again, so ``waiting`` after the end does not begin another run.
        """
        known = self.state(report)
        return known != report.state and known not in FINAL_TASK_STATES

    def note(self, report: TaskReport) -> None:
        """Remember a state."""
        before = self._seen(report.task_id)
        start_time = report.start_time or (before.start_time if before is not None else None)
        if len(self._recent) >= self._remembered and report.task_id not in self._recent:
            self._older, self._recent = self._recent, {}
        self._recent[report.task_id] = _Seen(report.state, start_time)

    def _seen(self, task_id: str) -> _Seen | None:
        return self._recent.get(task_id) or self._older.get(task_id)


def _is_another_run(seen: _Seen, report: TaskReport) -> bool:
    return None not in (seen.start_time, report.start_time) and seen.start_time != report.start_time
