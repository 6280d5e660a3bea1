"""Conditions of listeners, and the facts of one event that they are evaluated with."""

from collections.abc import Hashable, Mapping
from functools import cached_property
from typing import Any

from ..errors import ExpressionFailed, InvalidExpression
from ..event import Event
from ..records import Listener
from ..templating import Condition, compile_condition, condition_facts, event_facts, listener_facts

_OF_LISTENER = frozenset({"labels", "listener"})


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
    def compiled(self) -> Condition | InvalidExpression:
        """The compiled condition; why not, if it was accepted by a release that had other rules."""
        try:
            return compile_condition(self.text)
        except InvalidExpression as invalid:
            return invalid

    @cached_property
    def key(self) -> Hashable:
        """Equal for conditions that give the same for every event: same text, and same labels if they read them.

        A listener that was changed meanwhile has another one, if its condition reads what was changed.
        """
        one = self._listener
        labels = frozenset(one.labels.items())
        if "listener" in self._reads:
            return self.text, one.id, one.name, one.description, labels
        return (self.text, labels) if "labels" in self._reads else self.text

    @cached_property
    def listener_facts(self) -> Mapping[str, Any]:
        """What a condition can read of its listener."""
        one = self._listener
        return listener_facts(one.id, one.name or "", one.description, one.labels)

    @cached_property
    def reads_listener(self) -> bool:
        """Whether it reads anything of its listener."""
        return bool(_OF_LISTENER & self._reads)

    @cached_property
    def _reads(self) -> set[str]:
        return {path.names[0] for path in self.compiled.paths} if isinstance(self.compiled, Condition) else set()


class EventFacts:
    """The facts of one event, built when the first condition needs them, and what each condition gave.

    :ivar event: as it is written: nobody changes its payload after a condition has read it.
    """

    __slots__ = ("_facts", "_results", "event")

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
        # An event may have a thousand different ones, so this is one function.
        key = condition.key
        result = self._results.get(key)
        if result is None:
            compiled = condition.compiled
            facts = self._facts or self._built()
            if condition.reads_listener:
                facts = condition_facts(facts, condition.listener_facts)
            try:
                if isinstance(compiled, InvalidExpression):
                    raise ExpressionFailed(f"This release does not accept the condition. {compiled}")
                result = compiled.holds(facts)
            except ExpressionFailed as failed:
                result = failed
            self._results[key] = result
        if isinstance(result, ExpressionFailed):
            raise result.with_traceback(None)
        return result

    def of(self, condition: ListenerCondition) -> dict[str, Any]:
        """Return all facts that a condition can read."""
        return condition_facts(self._facts or self._built(), condition.listener_facts)

    def _built(self) -> dict[str, Any]:
        event = self.event
        self.event = Event.from_encoded(event.type, event.encoded(), event.id, event.occurred_at, event.source)
        self._facts = event_facts(self.event)
        return self._facts
