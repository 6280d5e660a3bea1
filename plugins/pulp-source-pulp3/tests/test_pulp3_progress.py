"""Progress of running tasks, which goes to the task-status stream only."""

import pulp3_recorded
from pulp_source_pulp3.documents import TaskDocument
from pulp_source_pulp3.progressing import Progressing


def running(done):
    """Return a task that runs and has done so much."""
    steps = [{"message": "Downloading", "code": "sync.downloading", "state": "running", "total": 4, "done": done}]
    return TaskDocument.from_json({**pulp3_recorded.document("sync.running"), "progress_reports": steps})


def test_progress_is_shown_when_it_changes():
    """Once for each step."""
    progressing = Progressing()

    shown = [len(progressing.changed([running(done)])) for done in (1, 1, 2, 2, 3)]

    assert [1, 0, 1, 0, 1] == shown


def test_a_task_that_has_done_nothing_yet_is_not_shown():
    """Nor one that does not run."""
    waiting = TaskDocument.from_json(pulp3_recorded.document("sync.waiting"))
    idle = TaskDocument.from_json({**pulp3_recorded.document("sync.running"), "progress_reports": []})

    assert [] == Progressing().changed([waiting, idle])


def test_ended_tasks_are_forgotten():
    """So that memory stays small; one that is seen again is shown again."""
    progressing = Progressing()
    progressing.changed([running(1)])
    progressing.changed([])

    assert 1 == len(progressing.changed([running(1)]))
