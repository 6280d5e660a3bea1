"""``wait``: block until a task has ended."""

import time
from contextlib import closing
from datetime import datetime
from math import isnan
from types import TracebackType
from typing import Any, Protocol, Self
from uuid import UUID

import click

from ..output import discard_output, echo
from .broker import broker_option
from .lines import ChangedLines
from .output import ended_by_signals, is_drawable, print_notice
from .task import SeenTask, seen_task
from .task_feed import TaskFeed, open_feed

EXIT_CODES = {"finished": 0, "skipped": 0, "error": 1, "canceled": 2}
"""The exit code for each final state of a task."""

TIMED_OUT = 124
"""The exit code of the program ``timeout``."""

_HINT_SECONDS = 5.0
_POLL_SECONDS = 0.5


class View(Protocol):
    """Shows a task while the command waits for it."""

    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def show(self, task: SeenTask | None) -> None:
        """Show the task's new state, or with None that time has passed."""

    def notice(self, text: str) -> None:
        """Print a sentence without disturbing what is shown."""


class Seconds(click.FloatRange):
    """A number of seconds; ``nan``, which never passes, is refused."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the seconds."""
        seconds = float(super().convert(value, param, ctx))
        if isnan(seconds):
            self.fail(f"{value!r} is not a number.", param, ctx)
        return seconds


@click.command()
@click.argument("task_id", type=click.UUID, metavar="UUID")
@click.option("--timeout", type=Seconds(min=0), metavar="SECONDS", help="Give up after this time.")
@broker_option
def wait(task_id: UUID, timeout: float | None, broker_url: str | None) -> int:
    """Wait until a task has ended; the exit code says how.

    The code is 0 for finished and skipped, 1 for error, 2 for canceled, and 124 after --timeout. Reads the task-status
    stream from now on: if the task has already ended, no message about it will arrive.
    """
    started = time.monotonic()
    view = _view(str(task_id))
    with ended_by_signals(), closing(open_feed(broker_url, str(task_id), view.notice)) as feed, view:
        ended = _await_end(feed, str(task_id), view, started, timeout)
    if ended is None:
        print_notice(f"Task {task_id} has not ended within {timeout:g} s.")
        return TIMED_OUT
    if ended.state != "finished":
        print_notice(f"Task {task_id} ended as {ended.state}{f': {ended.failure}' if ended.failure else '.'}")
    return EXIT_CODES[ended.state]


def _await_end(feed: TaskFeed, task_id: str, view: View, started: float, timeout: float | None) -> SeenTask | None:
    """Return the task in its final state, or None after the time-out."""
    hint_is_due = True
    while True:
        waited = time.monotonic() - started
        left = _POLL_SECONDS if timeout is None else min(_POLL_SECONDS, max(0.0, timeout - waited))
        for document in feed.receive(left):
            hint_is_due = False
            task = seen_task(document)
            view.show(task)
            if task.final:
                return task
        if timeout is not None and waited >= timeout:
            return None
        view.show(None)
        if hint_is_due and waited > _HINT_SECONDS:
            hint_is_due = False
            view.notice(
                f"No message about task {task_id} yet. If it had already ended, there will be none: look it up in Pulp."
            )


def _view(task_id: str) -> View:
    if not is_drawable():
        return _Lines()
    from .progress_line import ProgressLine

    return ProgressLine(task_id)


class _Lines:
    """Prints each change as a line, until the reader closes the output."""

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
        """Print the new state."""
        line = self._changed.line(task, datetime.now().astimezone()) if task is not None and self._is_read else None
        if line is None:
            return
        try:
            echo(line)
        except BrokenPipeError:
            # The caller may still want the exit code.
            self._is_read = False
            discard_output()

    def notice(self, text: str) -> None:
        """Print it on standard error."""
        print_notice(text)
