"""Routes: which listeners get which events, for one revision of the listeners."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TypeVar

from ..event import FINAL_TASK_EVENT_TYPES, Event, matches_any
from ..records import Owed, OwedEvent

_MAX_REMEMBERED_TYPES = 1000

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Route:
    """How events reach one listener.

    :ivar include: what the listener asks sources to include in the events.
    :ivar unresolved: stands for its targets while they are unknown.
    :ivar owed: its targets; empty while they are unknown.
    """

    event_types: tuple[str, ...]
    task_id: str | None
    include: frozenset[str]
    unresolved: Owed
    owed: tuple[Owed, ...]


class Routes:
    """The routes to all listeners of one revision.

    The first event of a type is compared with every listener; after that only those that match the type are looked at,
    so a listener for other types costs nothing. Types are remembered up to a limit, because anybody who may fire events
    can make them up.
    """

    def __init__(self, revision: int, routes: Iterable[Route]) -> None:
        self.revision = revision
        self._by_task: dict[str | None, list[Route]] = defaultdict(list)
        for route in routes:
            self._by_task[route.task_id].append(route)
        self._of_any_task = self._by_task.pop(None, [])
        every = [*self._of_any_task, *chain.from_iterable(self._by_task.values())]
        self.complete = all(route.owed for route in every)
        """Whether the targets of all listeners are known."""
        self._asking = [route for route in every if route.include]
        self._by_type: dict[str, tuple[Route, ...]] = {}
        self._included: dict[str, frozenset[str]] = {}

    def owed(self, event: Event) -> list[Owed]:
        """Return the targets that get an event."""
        chosen = self._of_type(event.type)
        if on_task := self._of_task(event.task_id()):
            chosen = (*chosen, *(route for route in on_task if matches_any(route.event_types, event.type)))
        return [owed for route in chosen for owed in route.owed or (route.unresolved,)]

    def batch(self, events: Sequence[Event]) -> list[OwedEvent]:
        """Return events, given in the order in which they happened, with their targets and the listeners they end."""
        gone: set[str] = set()
        found = []
        for event in events:
            owed = [each for each in self.owed(event) if each.listener_id not in gone]
            ended = self.ended(event)
            gone.update(ended)
            found.append(OwedEvent(event, owed, ended))
        return found

    def ended(self, event: Event) -> list[str]:
        """Return the ids of the listeners that end with an event."""
        if event.type not in FINAL_TASK_EVENT_TYPES:
            return []
        return [route.unresolved.listener_id for route in self._of_task(event.task_id())]

    def any_match(self, event_type: str, task_id: str | None) -> bool:
        """Return whether an event is worth firing: a listener matches its type, or is registered for its task."""
        return bool(self._of_task(task_id) or self._of_type(event_type))

    def included(self, event_type: str) -> frozenset[str]:
        """Return what listeners of an event type, on any task, ask sources to include in it."""
        known = self._included.get(event_type)
        if known is None:
            asking = (route.include for route in self._asking if matches_any(route.event_types, event_type))
            known = frozenset[str]().union(*asking)
            _remember(self._included, event_type, known)
        return known

    def _of_type(self, event_type: str) -> tuple[Route, ...]:
        known = self._by_type.get(event_type)
        if known is None:
            known = tuple(route for route in self._of_any_task if matches_any(route.event_types, event_type))
            _remember(self._by_type, event_type, known)
        return known

    def _of_task(self, task_id: str | None) -> Sequence[Route]:
        return () if task_id is None else self._by_task.get(task_id, ())


def _remember(known: dict[str, T], event_type: str, value: T) -> None:
    # Emptied as a whole, which needs no lock and happens only if somebody fires thousands of types.
    if len(known) >= _MAX_REMEMBERED_TYPES:
        known.clear()
    known[event_type] = value


NO_ROUTES = Routes(-1, ())
"""Used until the listeners have been read; no revision is negative."""
