"""Progress of running tasks, for the task-status stream."""

from collections.abc import Iterable

from .changes import Change, Stage, changes, stage
from .documents import TaskDocument

_MOST_TASKS = 1_000


class ProgressTracker:
    """Finds the running tasks whose progress changed since it was last reported. Kept in memory only."""

    def __init__(self) -> None:
        self._reported: dict[str, object] = {}

    def changed(self, documents: Iterable[TaskDocument]) -> list[Change]:
        """Return the running tasks with new progress, as changes to the stage that they are in."""
        running = {document.uuid: document for document in documents if stage(document) is Stage.RUNNING}
        found = [document for document in running.values() if self._reported.get(document.uuid) != document.progress()]
        found = [document for document in found[:_MOST_TASKS] if document.progress()]
        self._reported = {uuid: value for uuid, value in self._reported.items() if uuid in running}
        self._reported.update({document.uuid: document.progress() for document in found})
        return [change for document in found for change in changes(document, Stage.WAITING)]
