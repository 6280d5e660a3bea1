"""``wait``: block until a task has ended."""

import time
from contextlib import closing
from datetime import datetime
from math import isnan
from types import TracebackType
from typing import Any, Protocol, Self
from uuid import UUID

import click

from .watch.lines import ChangedLines
from .watch.messages import TaskMessages, broker_option, open_messages
from .watch.output import ended_by_signals, is_drawable, leave_output, prepare_output, tell
from .watch.task import SeenTask, seen

EXIT_CODES = {"finished": 0, "skipped": 0, "error": 1, "canceled": 2}
"""By how a task ended."""

TIMED_OUT = 124
"""As of the program ``timeout``."""

_HINT_SECONDS = 5.0
_LOOK_SECONDS = 0.5


class View(Protocol):
    """Where a task is shown while it is waited for."""

    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def show(self, task: SeenTask | None) -> None:
        """Show what came, or that nothing did."""

    def tell(self, text: str) -> None:
        """Say something beside."""


class Seconds(click.FloatRange):
    """A time, so that ``nan``, which never comes, is none."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the seconds, or tell what is wrong with them."""
        seconds = float(super().convert(value, param, ctx))
        if isnan(seconds):
            self.fail(f"{value!r} is not a number.", param, ctx)
        return seconds


@click.command()
@click.argument("task_id", type=click.UUID, metavar="UUID")
@click.option("--timeout", type=Seconds(min=0), metavar="SECONDS", help="Give up after this time.")
@broker_option
def wait(task_id: UUID, timeout: float | None, broker_url: str | None) -> int:
    """Wait until a task has ended, and tell by the exit code how.

    The code is 0 for finished and skipped, 1 for error, 2 for canceled, and 124 when --timeout came first. It hears
    the task-status stream from now on: a task that has ended before is never heard of again.
    """
    prepare_output()
    began = time.monotonic()
    view = _view(str(task_id))
    with ended_by_signals(), closing(open_messages(broker_url, str(task_id), view.tell)) as messages, view:
        ended = _await_end(messages, str(task_id), view, began, timeout)
    if ended is None:
        tell(f"Task {task_id} has not ended within {timeout:g} s.")
        return TIMED_OUT
    if ended.state != "finished":
        tell(f"Task {task_id} ended as {ended.state}{f': {ended.failure}' if ended.failure else '.'}")
    return EXIT_CODES[ended.state]


def _await_end(
    messages: TaskMessages, task_id: str, view: View, began: float, timeout: float | None
) -> SeenTask | None:
    """Return the task in its final state, or None after the time-out."""
    hint_is_due = True
    while True:
        waited = time.monotonic() - began
        left = _LOOK_SECONDS if timeout is None else min(_LOOK_SECONDS, max(0.0, timeout - waited))
        for document in messages.receive(left):
            hint_is_due = False
            task = seen(document)
            view.show(task)
            if task.final:
                return task
        if timeout is not None and waited >= timeout:
            return None
        view.show(None)
        if hint_is_due and waited > _HINT_SECONDS:
            hint_is_due = False
            view.tell(
                f"Nothing was heard of task {task_id} yet. If it had ended before, nothing will be: look it up in Pulp."
            )


def _view(task_id: str) -> View:
    if not is_drawable():
        return _Lines()
    from .watch.bar import TaskBar

    return TaskBar(task_id)


class _Lines:
    """Prints each change as a line, as long as somebody reads them."""

    def __init__(self) -> None:
        self._changed = ChangedLines()
        self._is_read = True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Do nothing."""

    def show(self, task: SeenTask | None) -> None:
        """Print what came."""
        line = self._changed.line(task, datetime.now().astimezone()) if task is not None and self._is_read else None
        if line is None:
            return
        try:
            click.echo(line)
        except BrokenPipeError:
            # The exit code is what is waited for.
            self._is_read = False
            leave_output()

    def tell(self, text: str) -> None:
        """Say it on standard error."""
        tell(text)
