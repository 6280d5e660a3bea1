"""Why one listener gets an event, or does not: the rules of :mod:`.routes` for a single listener."""

from dataclasses import dataclass
from enum import StrEnum

from ..errors import ExpressionFailed
from ..event import matches_any
from ..records import Listener
from .conditions import EventFacts, ListenerCondition


class Reason(StrEnum):
    """What decided, in the order in which it is looked at."""

    TYPE = "type"
    """None of the listener's patterns matches the type."""
    DISABLED = "disabled"
    TASK = "task"
    """The listener is for another task."""
    CONDITION = "condition"
    """The condition is false."""
    ERROR = "error"
    """The condition could not be evaluated."""
    MATCHED = "matched"


@dataclass(frozen=True, slots=True)
class Judgement:
    """Whether a listener gets an event.

    :ivar reason: the first reason why not, or ``MATCHED``.
    :ivar problem: why the condition could not be evaluated, in one sentence.
    """

    reason: Reason
    problem: str | None = None

    @property
    def matched(self) -> bool:
        """Whether the listener gets the event."""
        return self.reason is Reason.MATCHED


def judge(listener: Listener, facts: EventFacts) -> Judgement:
    """Return whether a listener gets an event, and the first reason why not."""
    event = facts.event
    if not matches_any(listener.event_types, event.type):
        return Judgement(Reason.TYPE)
    if not listener.enabled:
        return Judgement(Reason.DISABLED)
    if listener.task_id is not None and listener.task_id != event.task_id():
        return Judgement(Reason.TASK)
    condition = ListenerCondition.of(listener)
    if condition is None:
        return Judgement(Reason.MATCHED)
    try:
        return Judgement(Reason.MATCHED if facts.holds(condition) else Reason.CONDITION)
    except ExpressionFailed as failed:
        return Judgement(Reason.ERROR, str(failed))
