"""Changes of tasks as lines."""

from pulp_notifiers.cli.watch.lines import ChangedLines
from tests.support.seen_tasks import CONTENT, NOW, task


def test_a_change_is_a_line():
    """Time, task, state, work and progress."""
    line = ChangedLines().line(task(progress_report=CONTENT), NOW)

    assert "16:20:00  3f2a9c1e-6b7d-4e8f-9a0b-1c2d3e4f5a6b  running   sync zoo   75 % 30/40 content" == line


def test_the_line_of_a_failure_says_why():
    """Instead of the progress."""
    line = ChangedLines().line(task(state="error", error={"description": "It is gone."}), NOW)

    assert "16:20:00  3f2a9c1e-6b7d-4e8f-9a0b-1c2d3e4f5a6b  error     sync zoo  It is gone." == line


def test_a_record_without_a_visible_change_is_no_line():
    """Compared with the last line of the same task."""
    changed = ChangedLines()
    lines = [changed.line(one, NOW) for one in (task(), task(), task("other"), task(), task(state="finished"), task())]

    assert [True, False, True, False, True, True] == [line is not None for line in lines]
