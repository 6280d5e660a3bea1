"""``tail``: watch tasks as they change."""

import sys
import time
from collections.abc import Sequence
from contextlib import closing, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import click

from ...task import TASK_STATES
from ..document_texts import TABLE, as_text_in_stream
from ..formats import format_option
from ..output import discard_output, shown
from .broker import broker_address, broker_option
from .lines import ChangedLines
from .output import as_shown, ended_by_signals, is_drawable, print_notice, reader_is_gone
from .task import SeenTask, TaskFilter, seen_task
from .task_feed import TaskFeed, open_feed

if TYPE_CHECKING:
    from rich.console import Console

_POLL_SECONDS = 1.0
_FRAME_SECONDS = 0.1


@click.command()
@click.option("--task", "task_id", type=click.UUID, metavar="UUID", help="Only this task.")
@click.option(
    "--state", "states", type=click.Choice(TASK_STATES), multiple=True, help="Only tasks in this state; repeatable."
)
@click.option("--repo", "repositories", metavar="ID", multiple=True, help="Only tasks on this repository; repeatable.")
@format_option
@broker_option
def tail(
    task_id: UUID | None, states: Sequence[str], repositories: Sequence[str], output_format: str, broker_url: str | None
) -> None:
    """Watch tasks as they change, until Ctrl-C.

    Draws a table on a terminal, and prints a line for each change into anything else. As json it prints each message as
    it was published on one line, and as yaml each as a document. Reads the task-status stream from now on; earlier
    changes are not shown.
    """
    task_filter = TaskFilter(states, repositories)
    task = None if task_id is None else str(task_id)
    with ended_by_signals(), suppress(KeyboardInterrupt):
        if output_format == TABLE and is_drawable():
            _Screen(task_filter, broker_address(broker_url), task).run(broker_url)
            return
        with closing(open_feed(broker_url, task, print_notice)) as feed:
            try:
                _print(feed, task_filter, output_format)
            except BrokenPipeError:
                discard_output()


def _print(feed: TaskFeed, task_filter: TaskFilter, output_format: str) -> None:
    changed = ChangedLines()
    while not reader_is_gone():
        for document in feed.receive(_POLL_SECONDS):
            task = seen_task(document)
            if not task_filter.matches(task):
                continue
            if output_format != TABLE:
                sys.stdout.write(as_text_in_stream(document, output_format))
            elif (line := changed.line(task, datetime.now().astimezone())) is not None:
                sys.stdout.write(f"{line}\n")
        sys.stdout.flush()


class _Screen:
    """The live table, on the alternate screen of the terminal."""

    def __init__(self, task_filter: TaskFilter, server: str, task_id: str | None) -> None:
        from .task_list import TaskList

        self._tasks = TaskList(task_filter)
        self._server = shown(server)
        self._task_id = task_id
        self._notice: str | None = None
        self._filters = _described(task_filter, task_id)

    def run(self, broker_url: str | None) -> None:
        """Draw until Ctrl-C."""
        from rich.console import Console
        from rich.live import Live

        from .table import final_view

        console = Console(highlight=False)
        with closing(open_feed(broker_url, self._task_id, self._keep_notice)) as feed:
            try:
                with Live(console=console, screen=True, auto_refresh=False) as live:
                    self._draw_on(live, console, feed)
            finally:
                console.print(final_view(self._tasks, console, datetime.now(UTC)))

    def _draw_on(self, live: Any, console: "Console", feed: TaskFeed) -> None:
        from .table import FeedStatus, screen_view

        drawn, outdated = 0.0, True
        while True:
            # Without messages only the run times of the tasks change.
            if (elapsed := time.monotonic() - drawn) >= (_FRAME_SECONDS if outdated else _POLL_SECONDS):
                outage = None if feed.outage is None else shown(feed.outage), feed.outage_seconds
                status = FeedStatus(self._server, self._filters, *outage, self._notice)
                live.update(screen_view(self._tasks, status, console, datetime.now(UTC)), refresh=True)
                drawn, outdated, elapsed = time.monotonic(), False, 0.0
            left = (_FRAME_SECONDS if outdated else _POLL_SECONDS) - elapsed
            for document in feed.receive(max(0.01, left)):
                self._add(seen_task(document))
                outdated = True

    def _add(self, task: SeenTask) -> None:
        self._tasks.add(as_shown(task), datetime.now(UTC))

    def _keep_notice(self, text: str) -> None:
        self._notice = shown(text)


def _described(task_filter: TaskFilter, task_id: str | None) -> str:
    parts = [f"task {task_id}"] if task_id else []
    if task_filter.states:
        parts.append(f"only {', '.join(task_filter.states)}")
    if task_filter.repositories:
        parts.append(f"only on {', '.join(task_filter.repositories)}")
    return shown(" · ".join(parts))
