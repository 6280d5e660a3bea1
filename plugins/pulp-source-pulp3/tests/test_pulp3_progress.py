"""Progress of running tasks, which only goes to the task-status stream."""

import pulp3_recorded
from pulp_source_pulp3.documents import TaskDocument
from pulp_source_pulp3.progress import ProgressTracker


def running(done):
    """Return a running task with some progress."""
    steps = [{"message": "Downloading", "code": "sync.downloading", "state": "running", "total": 4, "done": done}]
    return TaskDocument.from_json({**pulp3_recorded.document("sync.running"), "progress_reports": steps})


def test_progress_is_reported_when_it_changes():
    """Each step is reported once."""
    tracker = ProgressTracker()

    shown = [len(tracker.changed([running(done)])) for done in (1, 1, 2, 2, 3)]

    assert [1, 0, 1, 0, 1] == shown


def test_a_task_without_progress_is_not_reported():
    """Neither is one that does not run."""
    waiting = TaskDocument.from_json(pulp3_recorded.document("sync.waiting"))
    idle = TaskDocument.from_json({**pulp3_recorded.document("sync.running"), "progress_reports": []})

    assert [] == ProgressTracker().changed([waiting, idle])


def test_ended_tasks_are_forgotten():
    """Memory stays small, and a task that runs again is reported again."""
    tracker = ProgressTracker()
    tracker.changed([running(1)])
    tracker.changed([])

    assert 1 == len(tracker.changed([running(1)]))
