"""Why a listener gets an event, or does not, in words.

A decision is made by the first of :data:`STAGES` that has something to say. Another rule of dispatch adds its stage
there.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from ..records import Listener
from .condition_values import condition_values, in_words, missing_names
from .conditions import EventFacts, ListenerCondition
from .judgement import Judgement, Reason, judge

_MOST_TYPES = 10


class DecisionReason(StrEnum):
    """What decided; the nearest to a match first."""

    MATCHED = "matched"
    NO_DELIVERY = "no_delivery"
    CHANGED_AFTER = "changed_after"
    REGISTERED_AFTER = "registered_after"
    CONDITION_ERROR = "condition_error"
    CONDITION = "condition"
    ENDED = "ended"
    DISABLED = "disabled"
    OTHER_TASK = "other_task"
    TYPE = "type"


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether a listener got an event, or would get it, and why.

    :ivar listener_name: None if the listener was deleted.
    :ivar sentence: the reason for people.
    :ivar values: the names that its condition reads and that exist at the event, with their values.
    :ivar changed_after: the listener was changed after the event was stored; the reason is about what it is now.
    :ivar deliveries: how many deliveries of the event it has.
    """

    listener_id: str
    listener_name: str | None
    reason: DecisionReason
    sentence: str
    values: Mapping[str, Any] = field(default_factory=dict)
    changed_after: bool = False
    deliveries: int = 0

    @property
    def matched(self) -> bool:
        """Whether the listener got the event, or would get it."""
        return self.reason is DecisionReason.MATCHED


@dataclass(frozen=True, slots=True)
class Fired:
    """What is known about an event that was fired.

    :ivar deliveries: how many each listener has, by its id.
    :ivar kept_since: deliveries that ended before may be deleted.
    """

    stored_at: datetime
    deliveries: Mapping[str, int]
    kept_since: datetime


@dataclass(frozen=True, slots=True)
class Question:
    """Whether a listener gets an event.

    :ivar fired: None for an event that was not fired.
    """

    facts: EventFacts
    listener: Listener
    fired: Fired | None = None

    @property
    def deliveries(self) -> int:
        """How many deliveries of the event the listener has."""
        return 0 if self.fired is None else self.fired.deliveries.get(self.listener.id, 0)

    @property
    def changed_after(self) -> bool:
        """Whether the listener was changed after the event was stored."""
        changed_at = self.listener.changed_at
        return self.fired is not None and changed_at is not None and changed_at > self.fired.stored_at

    @property
    def registered_after(self) -> bool:
        """Whether the listener was registered after the event was stored."""
        created_at = self.listener.created_at
        return self.fired is not None and created_at is not None and created_at > self.fired.stored_at


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a stage says; see :class:`Decision`."""

    reason: DecisionReason
    sentence: str
    values: Mapping[str, Any] = field(default_factory=dict)


Stage = Callable[[Question], Verdict | None]


def decide(question: Question) -> Decision:
    """Return what was decided about a listener and an event."""
    verdict = next(filter(None, (stage(question) for stage in STAGES)))
    listener = question.listener
    return Decision(
        listener.id,
        listener.name,
        verdict.reason,
        verdict.sentence,
        verdict.values,
        question.changed_after and not question.registered_after,
        question.deliveries,
    )


def delivered_to_deleted(listener_id: str, deliveries: int) -> Decision:
    """Return the decision about a listener that has deliveries of an event and was deleted since."""
    sentence = f"It matched: {_number(deliveries)}. The listener was deleted since."
    return Decision(listener_id, None, DecisionReason.MATCHED, sentence, deliveries=deliveries)


def _has_deliveries(question: Question) -> Verdict | None:
    number = question.deliveries
    return Verdict(DecisionReason.MATCHED, f"It matched: {_number(number)}.") if number else None


def _is_judged(question: Question) -> Verdict | None:
    judgement = judge(question.listener, question.facts)
    return None if judgement.matched else _REFUSALS[judgement.reason](question, judgement)


def _has_ended(question: Question) -> Verdict | None:
    if not question.listener.ended:
        return None
    return Verdict(DecisionReason.ENDED, "Its task had ended, and with it the listener.")


def _is_younger(question: Question) -> Verdict | None:
    if not question.registered_after:
        return None
    when = _time(question.listener.created_at)
    return Verdict(
        DecisionReason.REGISTERED_AFTER, f"It would match, but was registered after the event was stored, at {when}."
    )


def _was_changed(question: Question) -> Verdict | None:
    if not question.changed_after:
        return None
    when = _time(question.listener.changed_at)
    return Verdict(
        DecisionReason.CHANGED_AFTER,
        f"It matches as it is now, but was changed after the event was stored, at {when}. It has no delivery of it.",
    )


def _lacks_a_delivery(question: Question) -> Verdict | None:
    if question.fired is None or question.fired.stored_at < question.fired.kept_since:
        return None
    return Verdict(
        DecisionReason.NO_DELIVERY,
        "It matches as it is now, but has no delivery of the event. The event was published to one exchange only, or "
        "something beside the listener has changed since, such as the rules for conditions in another release.",
    )


def _matches(question: Question) -> Verdict:
    if question.fired is None:
        return Verdict(DecisionReason.MATCHED, "It matches.")
    return Verdict(DecisionReason.MATCHED, "It matched; the deliveries are old and were deleted.")


STAGES: tuple[Stage, ...] = (
    _has_deliveries,
    _is_judged,
    _has_ended,
    _is_younger,
    _was_changed,
    _lacks_a_delivery,
    _matches,
)
"""In order; the last one always has something to say."""


def _other_type(question: Question, judgement: Judgement) -> Verdict:
    patterns = question.listener.event_types
    shown = ", ".join(patterns[:_MOST_TYPES]) + (", ..." if len(patterns) > _MOST_TYPES else "")
    does_not = "none of which matches" if len(patterns) > 1 else "which does not match"
    return Verdict(DecisionReason.TYPE, f"It listens for {shown or 'nothing'}, {does_not} {question.facts.event.type}.")


def _disabled(question: Question, judgement: Judgement) -> Verdict:
    return Verdict(DecisionReason.DISABLED, "The listener is disabled.")


def _other_task(question: Question, judgement: Judgement) -> Verdict:
    task = question.facts.event.task_id()
    where = "which happened in no task" if task is None else f"which happened in task {task}"
    return Verdict(
        DecisionReason.OTHER_TASK, f"It listens to task {question.listener.task_id} only, not to this event, {where}."
    )


def _false_condition(question: Question, judgement: Judgement) -> Verdict:
    condition, values, words = _of_condition(question)
    return Verdict(DecisionReason.CONDITION, f"Its condition is false: {condition}{words}", values)


def _failed_condition(question: Question, judgement: Judgement) -> Verdict:
    condition, values, words = _of_condition(question)
    sentence = f"Its condition cannot be evaluated: {condition}{words} {judgement.problem}"
    return Verdict(DecisionReason.CONDITION_ERROR, sentence, values)


def _of_condition(question: Question) -> tuple[str, Mapping[str, Any], str]:
    condition = ListenerCondition(question.listener.when or "", question.listener)
    values = condition_values(condition, question.facts)
    words = in_words(values, missing_names(condition, values))
    return condition.text, values, f" ({words})." if words else "."


_REFUSALS: Mapping[Reason, Callable[[Question, Judgement], Verdict]] = {
    Reason.TYPE: _other_type,
    Reason.DISABLED: _disabled,
    Reason.TASK: _other_task,
    Reason.CONDITION: _false_condition,
    Reason.ERROR: _failed_condition,
}


def _number(deliveries: int) -> str:
    return f"{deliveries:,} {'delivery' if deliveries == 1 else 'deliveries'}"


def _time(moment: datetime | None) -> str:
    return "an unknown time" if moment is None else f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
