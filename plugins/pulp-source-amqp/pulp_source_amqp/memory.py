"""Remembers which states of tasks were seen recently."""

from pulp_notifiers.task import FINAL_TASK_STATES, TaskReport


class LatelySeen:
    """The last states of recent tasks.

    A forgotten task costs extra work and repeats no events, because events that are made again have the same ids.

    :param remembered: how many tasks are remembered at least; at most twice as many are.
    """

    def __init__(self, remembered: int = 10_000) -> None:
        self._remembered = remembered
        self._recent: dict[str, str] = {}
        self._older: dict[str, str] = {}

    def state(self, task_id: str) -> str | None:
        """Return the state that was seen last."""
        return self._recent.get(task_id) or self._older.get(task_id)

    def is_news(self, report: TaskReport) -> bool:
        """Return whether a state differs from the last one; nothing follows a final state."""
        known = self.state(report.task_id)
        return known != report.state and known not in FINAL_TASK_STATES

    def note(self, report: TaskReport) -> None:
        """Remember a state."""
        if len(self._recent) >= self._remembered and report.task_id not in self._recent:
            self._older, self._recent = self._recent, {}
        self._recent[report.task_id] = report.state
