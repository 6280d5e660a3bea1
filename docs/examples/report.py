"""Report a task from start to end."""

from datetime import UTC, datetime

import pulp_notifiers
from pulp_notifiers import TaskReport

TASK = {
    "id": "5723af2b0c1ae3f8a7e1a9c1",
    "task_id": "c1c6f3e4-1f0a-4b5e-9f0e-3b3a4a4f9b11",
    "task_type": "pulp.server.tasks.repository.sync",
    "tags": ["pulp:repository:zoo", "pulp:action:sync"],
}


def main() -> None:
    """Report the start, the progress and the end of the task."""
    with pulp_notifiers.App.from_settings() as app:
        started = {**TASK, "start_time": datetime.now(UTC)}
        app.task_changed(TaskReport.from_record({**started, "state": "running"}))
        for done in (10, 20, 30):
            progress = {"items_total": 30, "items_left": 30 - done}
            app.task_changed(TaskReport.from_record({**started, "state": "running", "progress_report": progress}))
        app.task_changed(TaskReport.from_record({**started, "state": "finished", "finish_time": datetime.now(UTC)}))


if __name__ == "__main__":
    main()
