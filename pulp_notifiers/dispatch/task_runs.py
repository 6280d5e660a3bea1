"""Runs of a task: the same id may run again, such as that of a nightly task, and each run has events of its own.

Reports with the same start time are about the same run. Only reports without one are assigned by their order: after a
final state, ``waiting`` or ``running`` begins another run.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from ..encoding import utc
from ..event import TASK_EVENT_TYPES, derived_id
from ..task import FINAL_TASK_STATES, TaskReport

_IDS = UUID("0f3a7f0e-4d0c-5a52-9a1b-6f2c8f7b1d93")  # drawn once; another one would make new events of old ones
_STATES = [event_type.partition(".")[2] for event_type in TASK_EVENT_TYPES]
_RUNS_AT_ONCE = 8  # of which one query looks up the events

Stored = Callable[[Collection[UUID]], Collection[UUID]]
"""Returns which of some event ids are stored."""


@dataclass(frozen=True, slots=True)
class Run:
    """A run of a task, as far as it was reported to this process.

    :ivar state: the state that was reported last.
    :ivar start_time: None if no report had one.
    :ivar changed_at: when it reached the state; None if the report did not say.
    :ivar begun: it was reported as waiting or running.
    :ivar follows: this process saw the end of the run before.
    :ivar late: a later run was reported before.
    :ivar number: names the run in event ids if its reports have no times; None until it is needed.
    """

    state: str
    start_time: datetime | None = None
    changed_at: datetime | None = None
    begun: bool = False
    follows: bool = False
    late: bool = False
    number: int | None = None

    def event_id(self, report: TaskReport) -> UUID:
        """Return the id of the event of a report, which is the last one of this run."""
        name = f"{report.task_id} {report.state}"
        # A task that waits again after it has run was reported as waiting before it had a start time.
        start_time = report.start_time if report.state == "waiting" else self.start_time
        if start_time is not None:
            return derived_id(_IDS, f"{name} {utc(start_time).isoformat()}")
        if report.changed_at is not None:
            return derived_id(_IDS, f"{name} at {utc(report.changed_at).isoformat()}")
        return _numbered_id(name, self.number or 0)

    def needs_number(self, report: TaskReport) -> bool:
        """Return whether only a number tells the event of a report from those of other runs."""
        start_time = report.start_time if report.state == "waiting" else self.start_time
        return self.number is None and start_time is None and report.changed_at is None

    def numbered(self, task_id: str, stored: Stored) -> "Run":
        """Return the run with the number that its events have, according to the events that are stored."""
        latest, ended = _latest(task_id, stored)
        if latest is None:
            return replace(self, number=0)
        return replace(self, number=latest + 1 if self.follows or (ended and self.begun) else latest)


def next_run(known: Run | None, report: TaskReport) -> Run | None:
    """Return the run that a report is about; None if the report is no news.

    :param known: the run that was reported last.
    """
    begins = report.state not in FINAL_TASK_STATES
    if report.resumed and begins:
        return None
    found = Run(report.state, report.start_time, report.changed_at, begins)
    if known is None:
        return found
    if not _continues(known, report):
        return replace(
            found, follows=known.state in FINAL_TASK_STATES, late=bool(_is_later(known.start_time, report.start_time))
        )
    if known.state == report.state or known.state in FINAL_TASK_STATES:
        return None
    return replace(
        found,
        start_time=report.start_time or known.start_time,
        begun=known.begun or begins,
        follows=known.follows,
        number=known.number,
    )


def _continues(known: Run, report: TaskReport) -> bool:
    if report.start_time is not None and known.start_time is not None:
        return _same_start(utc(report.start_time), utc(known.start_time))
    later = _is_later(report.changed_at, known.changed_at)
    if known.state not in FINAL_TASK_STATES:
        # A sender may not see the end of what it sends again.
        return not (report.state == "waiting" and later)
    if report.state in FINAL_TASK_STATES:
        return not later
    return later is False


def _same_start(first: datetime, second: datetime) -> bool:
    # Documents of Pulp have whole seconds.
    whole = first.replace(microsecond=0) == second.replace(microsecond=0) and 0 in (
        first.microsecond,
        second.microsecond,
    )
    return first == second or whole


def _is_later(one: datetime | None, other: datetime | None) -> bool | None:
    """Return whether a time is later than another; None if one of them is not known."""
    return None if one is None or other is None else utc(one) > utc(other)


def _latest(task_id: str, stored: Stored) -> tuple[int | None, bool]:
    """Return the number of the latest run that has events, and whether one of them is its end."""
    latest, ended = None, False
    first = 0
    while True:
        numbers = range(first, first + _RUNS_AT_ONCE)
        ids = {_numbered_id(f"{task_id} {state}", number): (number, state) for number in numbers for state in _STATES}
        found = [ids[event_id] for event_id in stored(list(ids))]
        if not found:
            return latest, ended
        latest = max(number for number, _ in found)
        ended = any(number == latest and state in FINAL_TASK_STATES for number, state in found)
        first += _RUNS_AT_ONCE


def _numbered_id(name: str, number: int) -> UUID:
    return derived_id(_IDS, name if number == 0 else f"{name} #{number}")
