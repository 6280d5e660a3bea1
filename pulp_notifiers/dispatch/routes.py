"""Routes: which listeners get which events, for one revision of the listeners."""

from collections import defaultdict
from collections.abc import Collection, Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import TypeVar

from ..errors import ExpressionFailed
from ..event import FINAL_TASK_EVENT_TYPES, Event, matches_any
from ..records import Owed, OwedEvent
from .conditions import EventFacts, ListenerCondition

_MAX_REMEMBERED_TYPES = 1000

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Route:
    """How events reach one listener.

    :ivar include: what the listener asks sources to include in the events.
    :ivar unresolved: stands for its targets while they are unknown.
    :ivar owed: its targets; empty while they are unknown.
    :ivar enabled: whether it gets events.
    :ivar condition: must be true of an event whose type matches; None for all of them.
    """

    event_types: tuple[str, ...]
    task_id: str | None
    include: frozenset[str]
    unresolved: Owed
    owed: tuple[Owed, ...]
    enabled: bool = True
    condition: ListenerCondition | None = None


@dataclass(frozen=True, slots=True)
class _Matching:
    """The routes that match a type.

    :ivar plain: those without condition.
    :ivar conditional: equal conditions, each with its routes.
    """

    plain: Sequence[Route]
    conditional: Sequence[tuple[ListenerCondition, Sequence[Route]]]

    @classmethod
    def of(cls, routes: Iterable[Route]) -> "_Matching":
        plain: list[Route] = []
        equal: dict[Hashable, tuple[ListenerCondition, list[Route]]] = {}
        for route in routes:
            if route.condition is None:
                plain.append(route)
            else:
                equal.setdefault(route.condition.key, (route.condition, []))[1].append(route)
        return cls(plain, list(equal.values()))


class Routes:
    """The routes to all listeners of one revision.

    The first event of a type is compared with every listener; after that only those that match the type are looked at,
    so a listener for other types costs nothing. Types are remembered up to a limit, because anybody who may fire events
    can make them up.

    A condition is evaluated after the type has matched, equal ones once for each event. If it cannot be evaluated, its
    listeners do not get the event. A listener that is disabled gets none, but one on a task still ends with it.
    """

    def __init__(self, revision: int, routes: Iterable[Route]) -> None:
        self.revision = revision
        self._by_task: dict[str | None, list[Route]] = defaultdict(list)
        for route in routes:
            self._by_task[route.task_id].append(route)
        self._of_any_task = self._by_task.pop(None, [])
        self._of_any_task = [route for route in self._of_any_task if route.enabled]
        on_tasks = chain.from_iterable(self._by_task.values())
        every = [*self._of_any_task, *(route for route in on_tasks if route.enabled)]
        self.complete = all(route.owed for route in every)
        """Whether the targets of all listeners are known."""
        self._asking = [route for route in every if route.include]
        self._by_type: dict[str, _Matching] = {}
        self._included: dict[str, frozenset[str]] = {}

    def owed(self, event: Event) -> list[Owed]:
        """Return the targets that get an event."""
        return list(self._decided(EventFacts(event)).owed)

    def batch(self, events: Sequence[EventFacts]) -> list[OwedEvent]:
        """Return events, given in the order in which they happened, with their targets and the listeners they end.

        :param events: what conditions gave for them is used again if they are given to the routes of a later revision.
        """
        gone: set[str] = set()
        found = []
        for facts in events:
            decided = self._decided(facts)
            if gone:
                decided = _without(decided, gone)
            gone.update(decided.ended)
            found.append(decided)
        return found

    def ended(self, event: Event) -> list[str]:
        """Return the ids of the listeners that end with an event."""
        if event.type not in FINAL_TASK_EVENT_TYPES:
            return []
        return [route.unresolved.listener_id for route in self._of_task(event.task_id())]

    def any_match(self, event_type: str, task_id: str | None) -> bool:
        """Return whether an event is worth firing: a listener matches its type, or is registered for its task.

        Conditions do not count, because they need the whole event.
        """
        if self._of_task(task_id):
            return True
        matching = self._of_type(event_type)
        return bool(matching.plain or matching.conditional)

    def included(self, event_type: str) -> frozenset[str]:
        """Return what listeners of an event type, on any task, ask sources to include in it."""
        known = self._included.get(event_type)
        if known is None:
            asking = (route.include for route in self._asking if matches_any(route.event_types, event_type))
            known = frozenset[str]().union(*asking)
            _remember(self._included, event_type, known)
        return known

    def _decided(self, facts: EventFacts) -> OwedEvent:
        event = facts.event
        matching = self._of_type(event.type)
        on_task = self._on_task(event)
        chosen = matching.plain
        if on_task is not None:
            chosen = (*chosen, *on_task.plain)
        if not (matching.conditional or (on_task is not None and on_task.conditional)):
            return OwedEvent(event, _targets(chosen), self.ended(event))
        met: list[Route] = []
        failed: list[tuple[str, str]] = []
        for condition, routes in chain(matching.conditional, on_task.conditional if on_task is not None else ()):
            try:
                if facts.holds(condition):
                    met += routes
            except ExpressionFailed as error:
                failed += [(route.unresolved.listener_id, str(error)) for route in routes]
        return OwedEvent(facts.event, _targets((*chosen, *met)), self.ended(event), failed=failed)

    def _of_type(self, event_type: str) -> _Matching:
        known = self._by_type.get(event_type)
        if known is None:
            known = _Matching.of(route for route in self._of_any_task if matches_any(route.event_types, event_type))
            _remember(self._by_type, event_type, known)
        return known

    def _on_task(self, event: Event) -> _Matching | None:
        routes = self._of_task(event.task_id())
        if not routes:
            return None
        return _Matching.of(route for route in routes if route.enabled and matches_any(route.event_types, event.type))

    def _of_task(self, task_id: str | None) -> Sequence[Route]:
        return () if task_id is None else self._by_task.get(task_id, ())


def _targets(routes: Iterable[Route]) -> list[Owed]:
    return [owed for route in routes for owed in route.owed or (route.unresolved,)]


def _without(decided: OwedEvent, gone: Collection[str]) -> OwedEvent:
    """Return what an event means without the listeners that an earlier one has ended."""
    return replace(
        decided,
        owed=[each for each in decided.owed if each.listener_id not in gone],
        failed=[each for each in decided.failed if each[0] not in gone],
    )


def _remember(known: dict[str, T], event_type: str, value: T) -> None:
    # Emptied as a whole, which needs no lock and happens only if somebody fires thousands of types.
    if len(known) >= _MAX_REMEMBERED_TYPES:
        known.clear()
    known[event_type] = value


NO_ROUTES = Routes(-1, ())
"""Used until the listeners have been read; no revision is negative."""
