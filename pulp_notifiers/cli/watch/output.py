"""Standard output of a command that runs until it is stopped."""

import os
import select
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from ..output import echo, shown
from .task import SeenTask


def print_notice(text: str) -> None:
    """Print a sentence on standard error."""
    echo(text, err=True)


def as_shown(task: SeenTask) -> SeenTask:
    """Return a task with the escapes that standard output will contain, so that what is drawn keeps its place."""
    step = task.progress.step
    return replace(
        task,
        task_id=shown(task.task_id),
        state=shown(task.state),
        work=shown(task.work),
        failure=None if task.failure is None else shown(task.failure),
        progress=replace(task.progress, step=None if step is None else replace(step, label=shown(step.label))),
    )


def is_drawable() -> bool:
    """Return whether standard output is a terminal whose cursor can be moved."""
    return sys.stdout.isatty() and os.environ.get("TERM", "dumb") not in ("dumb", "unknown")


def reader_is_gone() -> bool:
    """Return whether the reader of standard output has closed it, as ``head`` does, without writing to it."""
    poll = select.poll()
    try:
        poll.register(sys.stdout.fileno(), 0)
    except (OSError, ValueError, AttributeError):  # not a file, as in a test, or closed from the start
        return False
    return any(happened & (select.POLLERR | select.POLLHUP) for _, happened in poll.poll(0))


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """Raise KeyboardInterrupt inside the block, as Ctrl-C does, for SIGTERM and when the terminal is closed."""
    # SIGHUP is ignored under nohup.
    ending = [number for number in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(number) != signal.SIG_IGN]
    before = {number: signal.signal(number, signal.default_int_handler) for number in ending}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
