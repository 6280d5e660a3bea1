"""Which states of tasks were seen lately."""

from pulp_notifiers.task import FINAL_TASK_STATES, TaskReport


class LatelySeen:
    """The last states of tasks.

    What is forgotten costs work and repeats nothing, because events that are made again have the same ids.

    :param remembered: tasks that are remembered at least; twice as many at most.
    """

    def __init__(self, remembered: int = 10_000) -> None:
        self._remembered = remembered
        self._recent: dict[str, str] = {}
        self._older: dict[str, str] = {}

    def state(self, task_id: str) -> str | None:
        """Return the state that was seen last."""
        return self._recent.get(task_id) or self._older.get(task_id)

    def is_news(self, report: TaskReport) -> bool:
        """Tell whether a state is another one than before; nothing follows a final state."""
        known = self.state(report.task_id)
        return known != report.state and known not in FINAL_TASK_STATES

    def note(self, report: TaskReport) -> None:
        """Remember a state."""
        if len(self._recent) >= self._remembered and report.task_id not in self._recent:
            self._older, self._recent = self._recent, {}
        self._recent[report.task_id] = report.state
