"""``wait``: block until a task has ended."""

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from typing import Protocol
from uuid import UUID

import click

from .watch.lines import ChangedLines
from .watch.messages import TaskMessages, broker_option, open_messages
from .watch.output import ended_by_signals, is_drawable, leave_output, tell
from .watch.task import SeenTask, seen

EXIT_CODES = {"finished": 0, "skipped": 0, "error": 1, "canceled": 2}
TIMED_OUT = 124
"""As of the program timeout."""

_HINT_SECONDS = 5.0
_LOOK_SECONDS = 0.5


class _Show(Protocol):
    def __call__(self, task: SeenTask | None) -> None: ...


@click.command()
@click.argument("task_id", type=click.UUID, metavar="UUID")
@click.option("--timeout", type=click.FloatRange(min=0), metavar="SECONDS", help="Give up after this time.")
@broker_option
def wait(task_id: UUID, timeout: float | None, broker_url: str | None) -> int:
    """Wait until a task has ended, and tell by the exit code how.

    The code is 0 for finished and skipped, 1 for error, 2 for canceled, and 124 when --timeout came first. It hears
    the task-status stream from now on: a task that has ended before is never heard of again.
    """
    began = time.monotonic()
    with (
        ended_by_signals(),
        closing(open_messages(broker_url, str(task_id), tell)) as messages,
        _shown(str(task_id)) as show,
    ):
        ended = _await_end(messages, str(task_id), show, began, timeout)
    if ended is None:
        tell(f"Task {task_id} has not ended within {timeout:g} s.")
        return TIMED_OUT
    if ended.state != "finished":
        tell(f"Task {task_id} ended as {ended.state}{f': {ended.failure}' if ended.failure else '.'}")
    return EXIT_CODES[ended.state]


def _await_end(
    messages: TaskMessages, task_id: str, show: _Show, began: float, timeout: float | None
) -> SeenTask | None:
    """Return the task in its final state, or None after the time-out."""
    hint_is_due = True
    while timeout is None or time.monotonic() < began + timeout:
        left = _LOOK_SECONDS if timeout is None else max(0.0, began + timeout - time.monotonic())
        for document in messages.receive(min(_LOOK_SECONDS, left)):
            hint_is_due = False
            task = seen(document)
            show(task)
            if task.final:
                return task
        show(None)
        if hint_is_due and time.monotonic() > began + _HINT_SECONDS:
            hint_is_due = False
            tell(
                f"Nothing was heard of task {task_id} yet. If it had ended before this command began, nothing will be: "
                "look its state up in Pulp."
            )
    return None


@contextmanager
def _shown(task_id: str) -> Iterator[_Show]:
    """Give a function that shows the task: a bar on a terminal, else lines."""
    if not is_drawable():
        yield _lines()
        return
    from .watch.bar import TaskBar

    with TaskBar(task_id) as bar:
        yield bar.show


def _lines() -> _Show:
    changed = ChangedLines()
    reader_is_there = True

    def show(task: SeenTask | None) -> None:
        nonlocal reader_is_there
        line = changed.line(task, datetime.now().astimezone()) if task is not None and reader_is_there else None
        if line is not None:
            try:
                click.echo(line)
            except BrokenPipeError:
                # The exit code is what is waited for.
                reader_is_there = False
                leave_output()

    return show
