"""Standard output of a command that goes on and on."""

import io
import os
import select
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click


def prepare_output() -> None:
    """Let standard output take every letter, also one that its encoding lacks, as standard error does anyway."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def tell(text: str) -> None:
    """Say something beside the output."""
    click.echo(text, err=True)


def is_drawable() -> bool:
    """Tell whether standard output is a terminal on which a cursor can be moved."""
    return sys.stdout.isatty() and os.environ.get("TERM", "dumb") not in ("dumb", "unknown")


def reader_is_gone() -> bool:
    """Tell whether whoever read standard output has gone, as ``head`` does, though nothing was written since."""
    poll = select.poll()
    try:
        poll.register(sys.stdout.fileno(), 0)
    except (OSError, ValueError, AttributeError):  # no file, as in a test, or closed from the beginning
        return False
    return any(happened & (select.POLLERR | select.POLLHUP) for _, happened in poll.poll(0))


def leave_output() -> None:
    """Make the interpreter's own flush at its end succeed, when the reader is gone."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """End by SIGTERM as by Ctrl-C, both of which are the KeyboardInterrupt that whoever is inside may await."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
