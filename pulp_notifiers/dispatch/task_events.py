"""Task events: which task reports are events, and what the events contain."""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from ..encoding import dumps
from ..event import TASK_EVENT_TYPES, Event, derived_id, utc_now
from ..task import FINAL_TASK_STATES, TaskReport

_TYPE_OF_STATE = {event_type.partition(".")[2]: event_type for event_type in TASK_EVENT_TYPES}
_IDS = UUID("0f3a7f0e-4d0c-5a52-9a1b-6f2c8f7b1d93")  # drawn once; another one would make new events of old ones

_logger = logging.getLogger(__name__)


def task_event(report: TaskReport, source: str = "task") -> Event:
    """Return the event that a task reached the state of a report.

    Its id is derived from task and state, so that firing it again, even after a restart, adds nothing. It occurred at
    the time in the report; now if the report has none.

    :param source: where the report comes from.
    :raises KeyError: the state has no events (``accepted``, ``suspended``).
    """
    payload = {
        "task_id": report.task_id,
        "task_type": report.task_type,
        "state": report.state,
        "tags": list(report.tags),
        "error_description": _description(report),
    }
    event_id = derived_id(_IDS, f"{report.task_id} {report.state}")
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

    :ivar reports: those that are worth an event, in their order.
    :ivar states: task id to the state that counts as seen once the events are written.
    """

    reports: Sequence[TaskReport]
    states: Mapping[str, str]


class TaskEvents:
    """Fires an event for each new state of a task, if a listener matches it.

    A report that repeats the state seen last, such as one about progress, fires nothing, and nothing follows a final
    state. The last states of recently reported tasks are remembered; for others the event's id prevents repeats.

    :param wants: returns whether a task event of this type, for this task, is worth firing.
    :param fire: writes an event and returns the number of its deliveries.
    :param remembered: remembers the state of at least this many tasks, at most twice as many.
    """

    def __init__(
        self, wants: Callable[[str, str], bool], fire: Callable[[Event], int], remembered: int = 10_000
    ) -> None:
        self._wants = wants
        self._fire = fire
        self._remembered = remembered
        # Two dictionaries that take turns need no lock, which a fork could leave locked; a race forgets at worst.
        self._recent: dict[str, str] = {}
        self._older: dict[str, str] = {}

    def changed(self, report: TaskReport) -> int:
        """Fire the event of a task's state if it is new; return how many deliveries it has.

        :raises StoreUnavailable: nothing was written. The state counts as not yet seen: report it again.
        """
        event_type = self._new_event_type(report, self._known(report.task_id))
        if event_type is None:
            return 0
        deliveries = self._fired(report) if self._wants(event_type, report.task_id) else 0
        self._remember(report.task_id, report.state)
        return deliveries

    def news(self, reports: Iterable[TaskReport]) -> TaskNews:
        """Return what is new in reports, oldest first. It counts as not yet seen until :meth:`note` is called."""
        states: dict[str, str] = {}
        worth_an_event = []
        for report in reports:
            known = states.get(report.task_id) or self._known(report.task_id)
            event_type = self._new_event_type(report, known)
            if event_type is None:
                continue
            states[report.task_id] = report.state
            if self._wants(event_type, report.task_id):
                worth_an_event.append(report)
        return TaskNews(worth_an_event, states)

    def note(self, news: TaskNews) -> None:
        """Count news as seen."""
        for task_id, state in news.states.items():
            self._remember(task_id, state)

    @staticmethod
    def _new_event_type(report: TaskReport, known: str | None) -> str | None:
        """Return the event type of a report; None if its state is not new or has no events."""
        if known == report.state or known in FINAL_TASK_STATES:
            return None
        return _TYPE_OF_STATE.get(report.state)

    def _fired(self, report: TaskReport) -> int:
        event = task_event(report)
        try:
            return self._fire(event)
        except (TypeError, ValueError) as error:
            # Reporting it again would not help, and a task must not fail because of what it reports.
            _log_unwritable(event, error)
            return 0

    def _known(self, task_id: str) -> str | None:
        known = self._recent.get(task_id)
        if known is None and task_id in self._older:
            known = self._older.get(task_id)
            if known is not None:
                self._remember(task_id, known)
        return known

    def _remember(self, task_id: str, state: str) -> None:
        if len(self._recent) >= self._remembered and task_id not in self._recent:
            self._older, self._recent = self._recent, {}
        self._recent[task_id] = state


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
