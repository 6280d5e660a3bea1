"""``tail``: watch tasks as they change."""

import json
import sys
import time
from collections.abc import Sequence
from contextlib import closing, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import click

from ..task import TASK_STATES
from .watch.lines import ChangedLines
from .watch.messages import TaskMessages, address, broker_option, open_messages
from .watch.output import ended_by_signals, is_drawable, leave_output, prepare_output, reader_is_gone, tell
from .watch.task import SeenTask, Wanted, seen

if TYPE_CHECKING:
    from rich.console import Console

_LOOK_SECONDS = 1.0
_FRAME_SECONDS = 0.1


@click.command()
@click.option("--task", "task_id", type=click.UUID, metavar="UUID", help="Only this task.")
@click.option(
    "--state", "states", type=click.Choice(TASK_STATES), multiple=True, help="Only tasks in this state; repeatable."
)
@click.option("--repo", "repositories", metavar="ID", multiple=True, help="Only tasks on this repository; repeatable.")
@click.option("--json", "as_json", is_flag=True, help="Print each message as one line of JSON, as it was published.")
@broker_option
def tail(
    task_id: UUID | None, states: Sequence[str], repositories: Sequence[str], as_json: bool, broker_url: str | None
) -> None:
    """Watch tasks as they change, until Ctrl-C.

    Draws a table on a terminal, and prints a line for each change into anything else. It hears the task-status stream
    from now on; what was before is not shown.
    """
    prepare_output()
    wanted = Wanted(states, repositories)
    task = None if task_id is None else str(task_id)
    with ended_by_signals(), suppress(KeyboardInterrupt):
        if not as_json and is_drawable():
            _Screen(wanted, address(broker_url), task).run(broker_url)
            return
        with closing(open_messages(broker_url, task, tell)) as messages:
            try:
                _print(messages, wanted, as_json)
            except BrokenPipeError:
                leave_output()


def _print(messages: TaskMessages, wanted: Wanted, as_json: bool) -> None:
    changed = ChangedLines()
    while not reader_is_gone():
        for document in messages.receive(_LOOK_SECONDS):
            task = seen(document)
            if not wanted.takes(task):
                continue
            line = _one_line(document) if as_json else changed.line(task, datetime.now().astimezone())
            if line is not None:
                sys.stdout.write(f"{line}\n")
        sys.stdout.flush()


def _one_line(document: dict[str, Any]) -> str:
    return json.dumps(document, separators=(",", ":"))


class _Screen:
    """The live table, on a screen of its own that leaves the terminal as it was."""

    def __init__(self, wanted: Wanted, server: str, task_id: str | None) -> None:
        from .watch.board import Board

        self._board = Board(wanted)
        self._server = server
        self._task_id = task_id
        self._notice: str | None = None
        self._filters = _in_words(wanted, task_id)

    def run(self, broker_url: str | None) -> None:
        """Draw until Ctrl-C."""
        from rich.console import Console
        from rich.live import Live

        from .watch.table import final_view

        console = Console(highlight=False)
        with closing(open_messages(broker_url, self._task_id, self._take_notice)) as messages:
            try:
                with Live(console=console, screen=True, auto_refresh=False) as live:
                    self._draw_on(live, console, messages)
            finally:
                console.print(final_view(self._board, console, datetime.now(UTC)))

    def _draw_on(self, live: Any, console: "Console", messages: TaskMessages) -> None:
        from .watch.table import Surroundings, board_view

        drawn, outdated = 0.0, True
        while True:
            # Nothing but the clocks of the tasks change when no message comes.
            if (elapsed := time.monotonic() - drawn) >= (_FRAME_SECONDS if outdated else _LOOK_SECONDS):
                trouble = messages.outage, messages.outage_seconds
                around = Surroundings(self._server, self._filters, *trouble, self._notice)
                live.update(board_view(self._board, around, console, datetime.now(UTC)), refresh=True)
                drawn, outdated, elapsed = time.monotonic(), False, 0.0
            left = (_FRAME_SECONDS if outdated else _LOOK_SECONDS) - elapsed
            for document in messages.receive(max(0.01, left)):
                self._note(seen(document))
                outdated = True

    def _note(self, task: SeenTask) -> None:
        self._board.note(task, datetime.now(UTC))

    def _take_notice(self, text: str) -> None:
        self._notice = text


def _in_words(wanted: Wanted, task_id: str | None) -> str:
    parts = [f"task {task_id}"] if task_id else []
    if wanted.states:
        parts.append(f"only {', '.join(wanted.states)}")
    if wanted.repositories:
        parts.append(f"only on {', '.join(wanted.repositories)}")
    return " · ".join(parts)
