"""Changes of tasks as lines of text."""

from collections import OrderedDict
from datetime import datetime

from ..documents import printable
from .progress import Progress, Step
from .task import SeenTask

_MOST_REMEMBERED = 10_000


class ChangedLines:
    """Makes a line of each change that a person could see; Pulp also published records that were only saved again."""

    def __init__(self) -> None:
        self._last: OrderedDict[str, str] = OrderedDict()

    def line(self, task: SeenTask, now: datetime) -> str | None:
        """Return the line, or None where it would say the same as the one before it.

        :param now: in the time zone to show.
        """
        text = describe(task)
        if self._last.get(task.task_id) == text:
            return None
        self._last[task.task_id] = text
        self._last.move_to_end(task.task_id)
        if len(self._last) > _MOST_REMEMBERED:
            self._last.popitem(last=False)
        return f"{now:%H:%M:%S}  {task.task_id}  {text}"


def describe(task: SeenTask) -> str:
    """Return state, work and progress or failure."""
    parts = [f"{task.state:<8}", task.work]
    if task.failure and task.final:
        parts.append(task.failure)
    elif not task.final:
        parts.append(progress_text(task.progress))
    return "  ".join(part for part in parts if part).rstrip()


def progress_text(progress: Progress) -> str:
    """Return how far it is: all steps in percent, and the step at work with its own numbers."""
    parts = []
    if progress.fraction is not None:
        parts.append(f"{int(progress.fraction * 100):3d} %")
    step = progress.step or Step("", progress.done, progress.total, active=False)
    if step.total:
        parts.append(f"{step.done}/{step.total}")
    parts.append(printable(step.label))
    # Numbers first, because a name is still understood when it is cut.
    return " ".join(part for part in parts if part)
