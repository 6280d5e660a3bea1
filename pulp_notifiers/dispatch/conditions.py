"""Conditions of listeners, and the facts of one event that they are evaluated with."""

from collections.abc import Hashable
from functools import cached_property
from typing import Any

from ..errors import ExpressionFailed, InvalidExpression
from ..event import Event
from ..records import Listener
from ..templating import Condition, compile_condition, condition_facts, event_facts, listener_facts


class ListenerCondition:
    """The condition of one listener; compiled when it is first needed, because that takes up to a millisecond."""

    def __init__(self, text: str, listener: Listener) -> None:
        self.text = text
        self._listener = listener

    @classmethod
    def of(cls, listener: Listener) -> "ListenerCondition | None":
        """Return the condition of a listener, or None if it has none."""
        return None if listener.when is None else cls(listener.when, listener)

    @cached_property
    def key(self) -> Hashable:
        """Equal for conditions that give the same for every event: same text, and same labels if they read them."""
        compiled = self.compiled
        read = {path.names[0] for path in compiled.paths} if isinstance(compiled, Condition) else ()
        if "listener" in read:
            return self.text, self._listener.id
        return (self.text, frozenset(self._listener.labels.items())) if "labels" in read else self.text

    @cached_property
    def compiled(self) -> Condition | InvalidExpression:
        """The compiled condition; why not, if it was accepted by a release that had other rules."""
        try:
            return compile_condition(self.text)
        except InvalidExpression as invalid:
            return invalid

    @cached_property
    def facts(self) -> dict[str, Any]:
        """What it reads of its listener."""
        one = self._listener
        return listener_facts(one.id, one.name or "", one.description, one.labels)


class EventFacts:
    """The facts of one event, built when the first condition needs them, and what each condition gave.

    :ivar event: as it is written: nobody changes its payload after a condition has read it.
    """

    def __init__(self, event: Event) -> None:
        self.event = event
        self._facts: dict[str, Any] | None = None
        self._results: dict[Hashable, bool | ExpressionFailed] = {}

    def holds(self, condition: ListenerCondition) -> bool:
        """Return whether a condition is true; each of equal ones is evaluated once.

        :raises ExpressionFailed: it cannot be evaluated for this event.
        :raises TypeError: payload or call report contain a value that has no JSON form.
        :raises ValueError: they contain a number that is not finite.
        """
        result = self._results.get(condition.key)
        if result is None:
            result = self._results[condition.key] = self._result(condition)
        if isinstance(result, ExpressionFailed):
            raise result
        return result

    def of(self, condition: ListenerCondition) -> dict[str, Any]:
        """Return the facts for a condition."""
        if self._facts is None:
            event = self.event
            self.event = Event.from_encoded(event.type, event.encoded(), event.id, event.occurred_at, event.source)
            self._facts = event_facts(self.event)
        return condition_facts(self._facts, condition.facts)

    def _result(self, condition: ListenerCondition) -> bool | ExpressionFailed:
        compiled = condition.compiled
        if isinstance(compiled, InvalidExpression):
            return ExpressionFailed(f"This release does not accept the condition. {compiled}")
        try:
            return compiled.holds(self.of(condition))
        except ExpressionFailed as failed:
            return failed
