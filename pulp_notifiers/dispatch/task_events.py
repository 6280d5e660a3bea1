"""Task events: which task reports are events, and what the events contain."""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ..encoding import dumps
from ..event import TASK_EVENT_TYPES, Event, utc_now
from ..task import FINAL_TASK_STATES, TaskReport
from .task_runs import Run, Stored, next_run

_TYPE_OF_STATE = {event_type.partition(".")[2]: event_type for event_type in TASK_EVENT_TYPES}

_logger = logging.getLogger(__name__)


def task_event(report: TaskReport, source: str = "task", run: Run | None = None) -> Event:
    """Return the event that a task reached the state of a report.

    Its id is derived from task, run and state, so that firing it again, even after a restart, adds nothing. It occurred
    at the time in the report; now if the report has none.

    :param source: where the report comes from.
    :param run: the run of the task that the report is about; by default what the report itself says.
    :raises KeyError: the state has no events (``accepted``, ``suspended``).
    """
    payload = {
        "task_id": report.task_id,
        "task_type": report.task_type,
        "state": report.state,
        "tags": list(report.tags),
        "error_description": _description(report),
    }
    # What the source adds stands at the end and replaces nothing.
    payload = payload | dict(report.origin) | payload
    event_id = (run or Run(report.state, report.start_time)).event_id(report)
    event_type = _TYPE_OF_STATE[report.state]
    return Event(event_type, payload, report.call_report(), event_id, _changed_at(report) or utc_now(), source)


def is_writable(event: Event) -> bool:
    """Return whether the event of a task has a JSON form; if it has none, log an error."""
    try:
        dumps(event.body())
    except (TypeError, ValueError) as error:
        _log_unwritable(event, error)
        return False
    return True


def _log_unwritable(event: Event, error: Exception) -> None:
    _logger.error(
        "Event %s of task %s has no JSON form and is dropped: %s; fix what the task reports",
        event.type,
        event.task_id(),
        error,
    )


@dataclass(frozen=True, slots=True)
class TaskNews:
    """What is new in task reports.

    :ivar events: the events of those that are worth one, in their order.
    :ivar runs: task id to the run that counts as reported once the events are written.
    """

    events: Sequence[Event]
    runs: Mapping[str, Run]


class TaskEvents:
    """Fires an event for each new state of a run of a task, if a listener matches it.

    A report that repeats the state reported last, such as one about progress, fires nothing, and nothing follows a
    final state in the same run (:mod:`.task_runs`). The last states of recently reported tasks are remembered; for
    others the event's id prevents repeats.

    :param wants: returns whether a task event of this type, for this task, is worth firing.
    :param fire: writes an event and returns the number of its deliveries.
    :param stored: asked only about runs whose reports have no times, because nothing else tells them apart.
    :param remembered: remembers the state of at least this many tasks, at most twice as many.
    """

    def __init__(
        self,
        wants: Callable[[str, str], bool],
        fire: Callable[[Event], int],
        stored: Stored = lambda _ids: (),
        remembered: int = 10_000,
    ) -> None:
        self._wants = wants
        self._fire = fire
        self._stored = stored
        self._remembered = remembered
        # Two dictionaries that take turns need no lock, which a fork could leave locked; a race forgets at worst.
        self._recent: dict[str, Run] = {}
        self._older: dict[str, Run] = {}

    def changed(self, report: TaskReport) -> int:
        """Fire the event of a task's state if it is new; return how many deliveries it has.

        :raises StoreUnavailable: nothing was written. The state counts as not yet reported: report it again.
        """
        run = self._new(report, self._known(report.task_id))
        if run is None:
            return 0
        deliveries = 0
        if self._is_wanted(report):
            run = self._numbered(report, run)
            deliveries = self._fired(task_event(report, run=run))
        self._remember(report.task_id, run)
        return deliveries

    def news(self, reports: Iterable[TaskReport], source: str) -> TaskNews:
        """Return what is new in reports, oldest first. It counts as not yet reported until :meth:`note` is called.

        :param source: where the reports come from.
        :raises StoreUnavailable: a number is needed and cannot be looked up.
        """
        runs: dict[str, Run] = {}
        events = []
        for report in reports:
            run = self._new(report, runs.get(report.task_id) or self._known(report.task_id))
            if run is None:
                continue
            if self._is_wanted(report):
                run = self._numbered(report, run)
                events.append(task_event(report, source, run))
            if not run.late:
                runs[report.task_id] = run
        return TaskNews(events, runs)

    def note(self, news: TaskNews) -> None:
        """Count news as reported."""
        for task_id, run in news.runs.items():
            self._remember(task_id, run)

    @staticmethod
    def _new(report: TaskReport, known: Run | None) -> Run | None:
        return next_run(known, report) if report.state in _TYPE_OF_STATE else None

    def _is_wanted(self, report: TaskReport) -> bool:
        return self._wants(_TYPE_OF_STATE[report.state], report.task_id)

    def _numbered(self, report: TaskReport, run: Run) -> Run:
        return run.numbered(report.task_id, self._stored) if run.needs_number(report) else run

    def _fired(self, event: Event) -> int:
        try:
            return self._fire(event)
        except (TypeError, ValueError) as error:
            # Reporting it again would not help, and a task must not fail because of what it reports.
            _log_unwritable(event, error)
            return 0

    def _known(self, task_id: str) -> Run | None:
        known = self._recent.get(task_id)
        if known is None and task_id in self._older:
            known = self._older.get(task_id)
            if known is not None:
                self._remember(task_id, known)
        return known

    def _remember(self, task_id: str, run: Run) -> None:
        if run.late:
            return
        if len(self._recent) >= self._remembered and task_id not in self._recent:
            self._older, self._recent = self._recent, {}
        self._recent[task_id] = run


def _changed_at(report: TaskReport) -> datetime | None:
    if report.changed_at is not None:
        return report.changed_at
    if report.state in FINAL_TASK_STATES:
        return report.finish_time
    return report.start_time if report.state == "running" else None


def _description(report: TaskReport) -> str | None:
    error: Any = report.error
    if isinstance(error, Mapping) and isinstance(error.get("description"), str):
        return str(error["description"])
    return None if report.exception is None else str(report.exception)
