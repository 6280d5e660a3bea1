"""Stored events, and why each listener got one or did not."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from ..event import Event, matches_any, utc_now
from ..records import Filter, Listener, Order, StoredEvent
from .conditions import EventFacts
from .decisions import Decision, DecisionReason, Fired, Question, decide, delivered_to_deleted

Decisions = list[Decision]  # below, "list" is a method

_NEVER_READ = -1
_NEARNESS = {reason: number for number, reason in enumerate(DecisionReason)}


class EventRows(Protocol):
    """Where events are stored (``pulp_notifiers.store``)."""

    def list(
        self, filters: Sequence[Filter], orders: Sequence[Order], limit: int, offset: int
    ) -> tuple[int, list[StoredEvent]]: ...
    def get(self, event_id: str) -> tuple[StoredEvent, Event] | None: ...
    def deliveries_by_listener(self, event_id: str) -> Mapping[str, int]: ...


class ListenerRows(Protocol):
    """Where listeners are stored (``pulp_notifiers.store``)."""

    def all(self) -> tuple[int, list[Listener]]: ...
    def latest_revision(self) -> int: ...
    def get(self, listener_id: str) -> Listener | None: ...


@dataclass(frozen=True, slots=True)
class Explanation:
    """What was decided about an event.

    :ivar sentence: for people, how many listeners match it, and whether it is stored.
    :ivar decisions: those that matched first, then those that nearly did.
    """

    sentence: str
    decisions: Sequence[Decision]


class Events:
    """Lists and shows stored events, and explains who gets an event.

    :param kept_types: patterns of the events that are stored even if no listener matches them.
    :param keep_delivered: delivered deliveries are deleted after this time.
    """

    def __init__(
        self,
        events: EventRows,
        listeners: ListenerRows,
        kept_types: Collection[str],
        keep_delivered: timedelta,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._events = events
        self._listeners = listeners
        self._kept_types = tuple(kept_types)
        self._keep_delivered = keep_delivered
        self._clock = clock
        self._known: tuple[int, Sequence[Listener]] = (_NEVER_READ, ())

    def list(
        self, filters: Sequence[Filter] = (), orders: Sequence[Order] = (), limit: int = 100, offset: int = 0
    ) -> tuple[int, Sequence[StoredEvent]]:
        """Return how many events match all filters, and one page of them, newest first unless ordered otherwise.

        :raises StoreUnavailable: the database does not answer.
        """
        return self._events.list(filters, orders, limit, offset)

    def show(self, event_id: str) -> tuple[StoredEvent, Event] | None:
        """Return a stored event, and what was fired; None if no event has the id.

        :raises StoreUnavailable: the database does not answer.
        """
        return self._events.get(event_id)

    def explain(self, stored: StoredEvent, event: Event, listener: Listener | None = None) -> Explanation:
        """Return why each listener, or one of them, got a stored event or did not.

        :raises StoreUnavailable: the database does not answer.
        """
        deliveries = self._events.deliveries_by_listener(stored.id)
        fired = Fired(stored.stored_at, deliveries, self._clock() - self._keep_delivered)
        decisions = self._decisions(event, listener, fired)
        if listener is None:
            known = {decision.listener_id for decision in decisions}
            gone = ((each, number) for each, number in deliveries.items() if each not in known)
            decisions += [self._decision_on_absent(event, each, number, fired) for each, number in gone]
        return Explanation(f"The event is stored. {_matching(decisions)}", _ordered(decisions))

    def explain_unfired(self, event: Event, listener: Listener | None = None) -> Explanation:
        """Return why each listener, or one of them, would get an event or not; nothing is stored.

        :raises StoreUnavailable: the database does not answer.
        :raises TypeError: payload or call report contain a value that has no JSON form.
        """
        decisions = self._decisions(event, listener, None)
        matched = any(decision.matched for decision in decisions)
        if listener is not None:
            stored = ""
        elif matched:
            stored = " It would be stored."
        elif matches_any(self._kept_types, event.type):
            stored = " It would be stored all the same, because events of its type are kept."
        else:
            stored = " It would not be stored: no listener matches it and its type is not kept."
        return Explanation(f"{_matching(decisions)}{stored}", _ordered(decisions))

    def _decisions(self, event: Event, listener: Listener | None, fired: Fired | None) -> Decisions:
        facts = EventFacts(event)
        asked = self._all_listeners() if listener is None else [listener]
        return [decide(Question(facts, each, fired)) for each in asked]

    def _all_listeners(self) -> Sequence[Listener]:
        # Ten thousand take a second to read.
        if self._listeners.latest_revision() != self._known[0]:
            self._known = self._listeners.all()
        return self._known[1]

    def _decision_on_absent(self, event: Event, listener_id: str, deliveries: int, fired: Fired) -> Decision:
        # It has ended and is owed something still, or it was deleted.
        ended = self._listeners.get(listener_id)
        if ended is None:
            return delivered_to_deleted(listener_id, deliveries)
        return decide(Question(EventFacts(event), ended, fired))


def _matching(decisions: Sequence[Decision]) -> str:
    matched = sum(decision.matched for decision in decisions)
    if matched == 0:
        return f"{'No listener matches' if len(decisions) != 1 else 'The listener does not match'} it."
    if len(decisions) == 1:
        return "The listener matches it."
    return f"{matched:,} of {len(decisions):,} listeners {'match' if matched != 1 else 'matches'} it."


def _ordered(decisions: Sequence[Decision]) -> Sequence[Decision]:
    return sorted(decisions, key=lambda decision: _NEARNESS[decision.reason])
