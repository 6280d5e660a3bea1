"""The live table of tasks, drawn by rich; imported only if there is a terminal to draw on."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from rich.console import Console, Group, OverflowMethod, RenderableType
from rich.table import Table
from rich.text import Text

from .lines import progress_text
from .progress import Progress
from .task import SeenTask
from .task_list import Row, TaskList

STYLES = {
    "waiting": "dim",
    "accepted": "dim",
    "suspended": "yellow",
    "running": "cyan",
    "finished": "green",
    "error": "bold red",
    "canceled": "magenta",
    "skipped": "dim",
}
_ORDER = tuple(STYLES)
_WIDE = 120
"""Columns of a terminal on which a whole task id leaves room for the rest."""

_FRAME_LINES = 4
"""Lines of the heading and of the status."""


@dataclass(frozen=True, slots=True)
class FeedStatus:
    """What the status below the table shows about the connection.

    :ivar server: address of the messaging server.
    :ivar filters: a description of what is shown; empty for everything.
    :ivar outage: why there is no connection now, or None.
    :ivar outage_seconds: for how long.
    :ivar notice: the last notice.
    """

    server: str
    filters: str = ""
    outage: str | None = None
    outage_seconds: float = 0.0
    notice: str | None = None


def screen_view(tasks: TaskList, feed: FeedStatus, console: Console, now: datetime) -> RenderableType:
    """Return the whole screen."""
    rows = tasks.rows(now)
    fitting = rows[: max(1, console.height - _FRAME_LINES)]
    blank = max(0, console.height - _FRAME_LINES - len(fitting))
    body: RenderableType = _table(fitting, console, now) if fitting else Text("No messages yet.", "dim")
    return Group(body, *[Text("")] * blank, _status(tasks, rows, len(fitting), feed, console, now))


def final_view(tasks: TaskList, console: Console, now: datetime) -> RenderableType:
    """Return what stays on the terminal at the end."""
    rows = tasks.rows(now)[: max(1, console.height - _FRAME_LINES)]
    return _table(rows, console, now) if rows else Text("There were no messages.")


def task_line(task: SeenTask, width: int, ascii_only: bool) -> Text:
    """Return one task in one line: state, work and progress, but not the reason of a failure, which needs more room."""
    line = _line(ascii_only)
    line.append(f"{task.state:<8} ", STYLES.get(task.state, ""))
    line.append(f" {task.work}  ", "default")
    return line if task.failure and task.final else line.append_text(_progress(task, width, ascii_only))


def _table(rows: Sequence[Row], console: Console, now: datetime) -> Table:
    wide, ascii_only = console.width >= _WIDE, console.options.ascii_only
    table = Table(box=None, expand=True, padding=(0, 1, 0, 0), pad_edge=False, header_style="bold")
    table.add_column("State", width=8, no_wrap=True)
    table.add_column("Task", width=36 if wide else 8, no_wrap=True, style="dim")
    cut: OverflowMethod = "crop" if ascii_only else "ellipsis"
    table.add_column("Work", ratio=3, no_wrap=True, overflow=cut)
    table.add_column("Progress", ratio=4, no_wrap=True, overflow=cut)
    table.add_column("Time", min_width=5, no_wrap=True, justify="right")
    bar = 16 if wide else 10
    for row in rows:
        task = row.task
        table.add_row(
            Text(task.state, STYLES.get(task.state, "")),
            Text(task.task_id if wide else task.task_id[:8]),
            Text(task.work),
            _progress(task, bar, ascii_only),
            Text(_clock(row.elapsed(now)), "dim"),
        )
    return table


def _progress(task: SeenTask, width: int, ascii_only: bool) -> Text:
    if task.failure and task.final:
        return Text(task.failure, STYLES["error"] if task.state == "error" else "")
    if task.state == "finished":
        return _bar(1.0, width, STYLES["finished"], ascii_only)
    if task.final or task.progress == Progress():
        return Text("")
    bar = _bar(task.progress.fraction or 0.0, width, STYLES["running"], ascii_only)
    return bar.append(f" {progress_text(task.progress)}", "default")


def _bar(fraction: float, width: int, style: str, ascii_only: bool) -> Text:
    done, rest = ("#", "-") if ascii_only else ("━", "─")
    full = min(width, int(fraction * width))
    return Text.assemble((done * full, style), (rest * (width - full), "dim"))


def _status(
    tasks: TaskList, rows: Sequence[Row], shown: int, feed: FeedStatus, console: Console, now: datetime
) -> RenderableType:
    counts = Counter(row.task.state for row in rows)
    states = [state for state in (*_ORDER, *sorted(set(counts) - set(_ORDER))) if counts[state]]
    ascii_only = console.options.ascii_only
    first, second = _line(ascii_only), _line(ascii_only)
    first.append(", ".join(f"{counts[state]} {state}" for state in states) or "no tasks")
    if len(rows) > shown:
        first.append(f", {len(rows) - shown} not shown")
    first.append(f" · {tasks.messages:,} messages, {tasks.rate(now):,.0f}/s")
    if feed.filters:
        first.append(f" · {feed.filters}")
    if feed.outage is not None:
        text = f"Not connected to {feed.server} for {feed.outage_seconds:.0f} s, reconnecting · {feed.outage}"
        second.append(text, "bold yellow")
    else:
        second.append(f"Connected to {feed.server} · {feed.notice or 'Ctrl-C ends'}", "dim")
    if ascii_only:
        first, second = (Text(line.plain.replace("·", "|"), overflow="crop", no_wrap=True) for line in (first, second))
    return Group(Text(""), first, second)


def _line(ascii_only: bool) -> Text:
    return Text(no_wrap=True, overflow="crop" if ascii_only else "ellipsis")


def _clock(elapsed: timedelta) -> str:
    minutes, seconds = divmod(int(elapsed.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
