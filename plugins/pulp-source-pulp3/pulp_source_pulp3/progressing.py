"""Steps of progress of running tasks, for the task-status stream."""

from collections.abc import Iterable

from .changes import Change, Stage, changes, stage
from .documents import TaskDocument

_MOST_TASKS = 1_000


class Progressing:
    """Finds the running tasks whose progress has changed since it was shown. Nothing of it outlives the process."""

    def __init__(self) -> None:
        self._shown: dict[str, object] = {}

    def changed(self, documents: Iterable[TaskDocument]) -> list[Change]:
        """Return the tasks that have come further in what they do, as changes to the stage that they are in."""
        running = {document.uuid: document for document in documents if stage(document) is Stage.RUNNING}
        found = [document for document in running.values() if self._shown.get(document.uuid) != document.progress()]
        found = [document for document in found[:_MOST_TASKS] if document.progress()]
        self._shown = {uuid: value for uuid, value in self._shown.items() if uuid in running}
        self._shown.update({document.uuid: document.progress() for document in found})
        return [change for document in found for change in changes(document, Stage.WAITING)]
