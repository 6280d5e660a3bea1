"""In which task events are fired. Pulp 2 asked Celery; here the code that runs the task says so."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from ..task import TaskReport

Report = TaskReport | Mapping[str, Any]
"""A task's record, or a finished call report of 17 keys."""

_read_current: ContextVar[Callable[[], Report | None]] = ContextVar("current_task", default=lambda: None)


@contextmanager
def current_task(report: Report | Callable[[], Report | None] | None) -> Iterator[None]:
    """Say in which task the events of the block are fired.

    ::

        with current_task(lambda: TaskReport.from_record(load_task(task_id))):
            EventFireManager().fire_repo_sync_started("zoo")

    :param report: the task's report, or a function that returns it as it is by then, called once for each event.
    """
    token = _read_current.set(report if callable(report) else lambda: report)
    try:
        yield
    finally:
        _read_current.reset(token)


def call_report_of(report: Report | None) -> Mapping[str, Any] | None:
    """Return the call report of a task; of the current one, if there is any, where none is given."""
    found = _read_current.get()() if report is None else report
    return found.call_report() if isinstance(found, TaskReport) else found
