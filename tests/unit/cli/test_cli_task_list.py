"""Which tasks the live table shows, and in which order."""

from datetime import timedelta

from pulp_notifiers.cli.watch.task import TaskFilter
from pulp_notifiers.cli.watch.task_list import TaskList
from tests.support.seen_tasks import CONTENT, NOW, after, task


def ids(tasks, now=NOW):
    """Return the ids of the tasks in their order."""
    return [row.task.task_id for row in tasks.rows(now)]


def test_tasks_that_have_not_ended_come_first():
    """Then by the last change of state; progress moves nothing."""
    tasks = TaskList(TaskFilter())
    for position, (task_id, state) in enumerate(
        [("a", "waiting"), ("b", "running"), ("c", "running"), ("c", "finished"), ("a", "running")]
    ):
        tasks.add(task(task_id, state), after(position))
    tasks.add(task("b", "running", progress_report=CONTENT), after(9))

    assert ["a", "b", "c"] == ids(tasks, after(9))


def test_ended_tasks_are_dropped_after_a_minute_and_silent_ones_after_an_hour():
    """Here with explicit times."""
    tasks = TaskList(TaskFilter(), keep_ended=timedelta(seconds=60), keep_silent=timedelta(seconds=3600))
    tasks.add(task("ended", "finished"), NOW)
    tasks.add(task("silent", "running"), NOW)

    assert ["silent", "ended"] == ids(tasks, after(59))
    assert ["silent"] == ids(tasks, after(60))
    assert [] == ids(tasks, after(3600))


def test_a_task_that_no_longer_matches_the_filter_is_dropped_at_once():
    """Such as a task that ended, if only running ones are shown."""
    tasks = TaskList(TaskFilter(states=["running"]))
    tasks.add(task("a"), NOW)
    tasks.add(task("b"), NOW)
    tasks.add(task("a", "finished"), NOW)

    assert ["b"] == ids(tasks)
    assert 3 == tasks.messages


def test_the_list_is_bounded():
    """Ended tasks are dropped before others."""
    tasks = TaskList(TaskFilter(), most=2)
    for position, (task_id, state) in enumerate([("a", "running"), ("b", "finished"), ("c", "running")]):
        tasks.add(task(task_id, state), after(position))

    assert ["c", "a"] == ids(tasks, after(3))


def test_the_rate_counts_the_last_full_seconds():
    """The current second does not count."""
    tasks = TaskList(TaskFilter())
    for second in range(3):
        for _ in range(10):
            tasks.add(task(), after(second))

    assert 4.0 == tasks.rate(after(2))
    assert 6.0 == tasks.rate(after(3))
    assert 0.0 == tasks.rate(after(60))
