"""Standard output of a command that runs until it is stopped."""

import io
import os
import select
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click


def prepare_output() -> None:
    """Escape characters that the encoding of standard output lacks, as standard error does anyway."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def print_notice(text: str) -> None:
    """Print a sentence on standard error."""
    click.echo(text, err=True)


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


def discard_output() -> None:
    """Send standard output nowhere, so that the interpreter's last flush succeeds without a reader."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """Raise KeyboardInterrupt inside the block for SIGTERM too, as Ctrl-C does."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
