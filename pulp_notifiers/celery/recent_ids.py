"""The ids of recently ended tasks."""


class RecentIds:
    """Remembers a thousand ids at least, and twice as many at most; needs no lock, which a fork could break."""

    def __init__(self, remembered: int = 1000) -> None:
        self._remembered = remembered
        self._recent: dict[str, None] = {}
        self._older: dict[str, None] = {}

    def __contains__(self, task_id: str) -> bool:
        return task_id in self._recent or task_id in self._older

    def add(self, task_id: str) -> None:
        """Remember an id."""
        if len(self._recent) >= self._remembered:
            self._older, self._recent = self._recent, {}
        self._recent[task_id] = None

    def discard(self, task_id: str) -> None:
        """Forget an id, if it is known."""
        self._recent.pop(task_id, None)
        self._older.pop(task_id, None)
