"""The task in which events are fired. Pulp 2 asked Celery; here the code that runs the task sets it."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from ..task import TaskReport

Report = TaskReport | Mapping[str, Any]
"""A task's record, or a call report of 17 keys."""

_read_current: ContextVar[Callable[[], Report | None]] = ContextVar("current_task", default=lambda: None)


@contextmanager
def current_task(report: Report | Callable[[], Report | None] | None) -> Iterator[None]:
    """Set the task in which the events of a ``with`` block are fired.

    ::

        with current_task(lambda: TaskReport.from_record(load_task(task_id))):
            EventFireManager().fire_repo_sync_started("zoo")

    :param report: the task's report, or a function that returns the current one, called once for each event.
    """
    token = _read_current.set(report if callable(report) else lambda: report)
    try:
        yield
    finally:
        _read_current.reset(token)


def call_report_of(report: Report | None) -> Mapping[str, Any] | None:
    """Return the call report of a task; by default that of the current task, or None outside a task."""
    found = _read_current.get()() if report is None else report
    return found.call_report() if isinstance(found, TaskReport) else found
