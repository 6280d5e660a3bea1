"""Tasks as the commands tail and wait read them, for the tests of what they make of them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from pulp_notifiers.cli.watch.task import SeenTask, seen_task

TASK_ID = "3f2a9c1e-6b7d-4e8f-9a0b-1c2d3e4f5a6b"
NOW = datetime(2016, 4, 29, 16, 20, 0, tzinfo=UTC)
CONTENT = {"importer": {"content": {"state": "IN_PROGRESS", "items_total": 40, "items_left": 10}}}


def document(task_id: str = TASK_ID, state: str = "running", repo: str = "zoo", **fields: Any) -> dict[str, Any]:
    """Return a document of the stream."""
    return {"task_id": task_id, "state": state, "tags": [f"pulp:repository:{repo}", "pulp:action:sync"], **fields}


def task(task_id: str = TASK_ID, state: str = "running", repo: str = "zoo", **fields: Any) -> SeenTask:
    """Return the task that such a document describes."""
    return seen_task(document(task_id, state, repo, **fields))


def after(seconds: float) -> datetime:
    """Return a later time."""
    return NOW + timedelta(seconds=seconds)
