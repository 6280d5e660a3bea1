"""Changes of tasks as lines of text."""

from collections import OrderedDict
from datetime import datetime

from ..documents import printable
from .progress import Progress, Step
from .task import SeenTask

_MOST_TASKS = 10_000


class ChangedLines:
    """Makes a line of each visible change; Pulp also published records that were saved without a change."""

    def __init__(self) -> None:
        self._last: OrderedDict[str, str] = OrderedDict()

    def line(self, task: SeenTask, now: datetime) -> str | None:
        """Return the line, or None if it would repeat the task's last one.

        :param now: in the time zone to show.
        """
        text = describe(task)
        if self._last.get(task.task_id) == text:
            return None
        self._last[task.task_id] = text
        self._last.move_to_end(task.task_id)
        if len(self._last) > _MOST_TASKS:
            self._last.popitem(last=False)
        return f"{now:%H:%M:%S}  {task.task_id}  {text}"


def describe(task: SeenTask) -> str:
    """Return state, work, and progress or failure."""
    parts = [f"{task.state:<8}", task.work]
    if task.failure and task.final:
        parts.append(task.failure)
    elif not task.final:
        parts.append(progress_text(task.progress))
    return "  ".join(part for part in parts if part).rstrip()


def progress_text(progress: Progress) -> str:
    """Return all steps in percent, and the active step with its own numbers."""
    parts = []
    if progress.fraction is not None:
        parts.append(f"{int(progress.fraction * 100):3d} %")
    step = progress.step or Step("", progress.done, progress.total, active=False)
    if step.total:
        parts.append(f"{step.done}/{step.total}")
    parts.append(printable(step.label))
    # Numbers first, because a name can be understood even if its end is cut off.
    return " ".join(part for part in parts if part)
