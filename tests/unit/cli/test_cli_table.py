"""The live table as it is drawn."""

import io

import pytest
from rich.console import Console

from pulp_notifiers.cli.watch.lines import ChangedLines
from pulp_notifiers.cli.watch.table import STYLES, FeedStatus, final_view, screen_view, task_line
from pulp_notifiers.cli.watch.task import TaskFilter, seen_task
from pulp_notifiers.cli.watch.task_list import TaskList
from pulp_notifiers.task import TASK_STATES
from tests.support.seen_tasks import CONTENT, NOW, task


def drawn(view, width=80, height=24):
    """Return the lines of something drawn, without trailing blanks."""
    file = io.StringIO()
    console = Console(
        file=file, width=width, height=height, color_system=None, force_terminal=True, legacy_windows=False
    )
    console.print(view(console), end="")
    return [line.rstrip() for line in file.getvalue().splitlines()]


def screen(tasks, now=NOW, feed=None, **size):
    """Return the whole screen."""
    feed = feed or FeedStatus("amqp://broker:5672")
    return drawn(lambda console: screen_view(tasks, feed, console, now), **size)


@pytest.mark.parametrize(
    "fields",
    [
        {"state": 7, "tags": "pulp:repository:zoo"},
        {"state": None, "tags": [None, 7, {}]},
        {"state": [], "tags": {}, "progress_report": 7},
        {"start_time": 7, "finish_time": "yesterday"},
        {"start_time": "0001-01-01T00:00:00+23:59", "finish_time": "9999-12-31T23:59:59-23:59"},
    ],
)
def test_a_document_may_hold_anything(fields):
    """What cannot be read is left out."""
    tasks = TaskList(TaskFilter())

    tasks.add(seen_task({"task_id": "t", **fields}), NOW)

    assert ["t"] == [row.task.task_id for row in tasks.rows(NOW)]
    assert any("waiting" in line for line in screen(tasks))


def test_no_text_of_a_task_can_control_the_terminal():
    """Escape sequences are shown escaped."""
    evil = "\x1b[2J\x07"
    found = seen_task(
        {
            "task_id": evil,
            "state": evil,
            "tags": [f"pulp:repository:{evil}", f"pulp:action:{evil}", evil],
            "task_type": evil,
            "progress_report": {evil: {"state": "running", "total": 3, "done": 1}},
            "error": {"description": evil},
        }
    )
    tasks = TaskList(TaskFilter())

    tasks.add(found, NOW)

    shown = "".join(screen(tasks)) + str(ChangedLines().line(found, NOW)) + "".join(found.repositories)
    assert [] == [letter for letter in shown if ord(letter) < 32]
    assert found.failure == "\\x1b[2J\\x07"


def test_a_screen_of_80_columns_shows_tasks_above_the_status():
    """A heading, a line per task, blank lines, and the status at the bottom."""
    tasks = TaskList(TaskFilter())
    start = "2016-04-29T16:19:00Z"
    tasks.add(task("11111111-1", "running", start_time=start, progress_report=CONTENT), NOW)
    gone = {"description": "The mirror is gone, and so is everything that was on it."}
    tasks.add(
        task("22222222-2", "error", "bear", start_time=start, finish_time="2016-04-29T16:19:05Z", error=gone), NOW
    )
    tasks.add(task("33333333-3", "finished", start_time=start, finish_time="2016-04-29T17:19:59Z"), NOW)

    expected = [
        "State    Task     Work                    Progress                          Time",
        "running  11111111 sync zoo                ━━━━━━━───  75 % 30/40 content    1:00",
        "error    22222222 sync bear               The mirror is gone, and so is…    0:05",
        "finished 33333333 sync zoo                ━━━━━━━━━━                     1:00:59",
        "",
        "",
        "1 running, 1 finished, 1 error · 3 messages, 0/s",
        "Connected to amqp://broker:5672 · Ctrl-C ends",
    ]
    assert expected == screen(tasks, height=8)


def test_a_wide_screen_shows_whole_ids():
    """So that they can be copied."""
    tasks = TaskList(TaskFilter())
    tasks.add(task(), NOW)

    assert "3f2a9c1e-6b7d-4e8f-9a0b-1c2d3e4f5a6b" in screen(tasks, width=120)[1]


@pytest.mark.parametrize(("width", "height"), [(80, 24), (200, 50), (40, 10), (20, 5), (5, 3), (1, 1)])
def test_the_screen_fits_terminals_of_any_size(width, height):
    """However many tasks there are; those without a place are counted."""
    tasks = TaskList(TaskFilter())
    for number in range(60):
        tasks.add(task(f"task-{number}", repo="a-repository-with-a-long-name" * 2, progress_report=CONTENT), NOW)

    lines = screen(tasks, width=width, height=height)

    assert all(len(line) <= width for line in lines)
    assert max(height, 5) >= len(lines)
    if width >= 80:
        assert f"{60 - (height - 4)} not shown" in lines[-2]


def test_the_status_shows_filters_and_the_last_notice():
    """On two lines."""
    feed = FeedStatus("amqp://broker:5672", "only error", notice="Reconnected after 3 s.")

    first, second = screen(TaskList(TaskFilter()), feed=feed)[-2:]

    assert "no tasks · 0 messages, 0/s · only error" == first
    assert "Connected to amqp://broker:5672 · Reconnected after 3 s." == second


def test_the_status_shows_an_outage():
    """How long it has lasted, and why."""
    feed = FeedStatus("amqp://broker:5672", outage="it is away", outage_seconds=7.2)

    assert (
        "Not connected to amqp://broker:5672 for 7 s, reconnecting · it is away"
        == screen(TaskList(TaskFilter()), feed=feed)[-1]
    )


def test_every_state_has_a_colour():
    """Of those that Pulp has; unknown ones are shown without."""
    assert set(TASK_STATES) == set(STYLES)


def test_bars_are_ascii_on_a_terminal_without_unicode():
    """A terminal in another encoding shows no question marks."""
    file = io.TextIOWrapper(io.BytesIO(), encoding="ascii", errors="backslashreplace")
    console = Console(file=file, width=80, height=8, color_system=None, force_terminal=True, legacy_windows=False)
    tasks = TaskList(TaskFilter())
    tasks.add(task(progress_report=CONTENT, repo="b\u00e4r" + "-long" * 20), NOW)

    console.print(screen_view(tasks, FeedStatus("amqp://broker"), console, NOW))
    file.flush()

    shown = file.buffer.getvalue()
    assert b"#######---  75 %" in shown
    assert rb"sync b\xe4r-long" in shown
    assert rb"\u" not in shown


def test_the_last_table_stays_on_the_terminal():
    """Or a sentence if it is empty."""
    tasks = TaskList(TaskFilter())
    empty = drawn(lambda console: final_view(tasks, console, NOW))
    tasks.add(task(), NOW)

    assert ["There were no messages."] == empty
    assert "sync zoo" in drawn(lambda console: final_view(tasks, console, NOW))[1]


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (task(progress_report=CONTENT), "running   sync zoo  ━━━━━━━━━───  75 % 30/40 content"),
        (task(state="finished"), "finished  sync zoo  ━━━━━━━━━━━━"),
        (task(state="error", error="It is gone."), "error     sync zoo"),
        (task(state="waiting"), "waiting   sync zoo"),
    ],
)
def test_wait_draws_a_task_in_one_line(shown, expected):
    """State, work and progress."""
    assert [expected] == drawn(lambda console: task_line(shown, 12, ascii_only=False))
