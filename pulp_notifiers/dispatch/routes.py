"""Routes: which listeners get which events, for one revision of the listeners."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain

from ..event import FINAL_TASK_EVENT_TYPES, Event, matches_any
from ..records import Owed, OwedEvent


@dataclass(frozen=True, slots=True)
class Route:
    """From an event to one listener.

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
    """The routes to all listeners of one revision."""

    def __init__(self, revision: int, routes: Iterable[Route]) -> None:
        self.revision = revision
        self._by_task: dict[str | None, list[Route]] = defaultdict(list)
        for route in routes:
            self._by_task[route.task_id].append(route)
        self._of_any_task = self._by_task.pop(None, [])
        self._any_match: dict[str, bool] = {}
        every = (*self._of_any_task, *chain.from_iterable(self._by_task.values()))
        self._asking = [route for route in every if route.include]
        self._included: dict[str, frozenset[str]] = {}

    @property
    def complete(self) -> bool:
        """Whether the targets of all listeners are known."""
        return all(route.owed for routes in (self._of_any_task, *self._by_task.values()) for route in routes)

    def owed(self, event: Event) -> list[Owed]:
        """Return the targets that get an event."""
        candidates = (*self._of_any_task, *self._of_task(event.task_id()))
        chosen = [route for route in candidates if matches_any(route.event_types, event.type)]
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
        if self._of_task(task_id):
            return True
        known = self._any_match.get(event_type)
        if known is None:
            known = any(matches_any(route.event_types, event_type) for route in self._of_any_task)
            self._any_match[event_type] = known
        return known

    def included(self, event_type: str) -> frozenset[str]:
        """Return what listeners of an event type, on any task, ask sources to include in it."""
        known = self._included.get(event_type)
        if known is None:
            asking = (route.include for route in self._asking if matches_any(route.event_types, event_type))
            known = self._included[event_type] = frozenset[str]().union(*asking)
        return known

    def _of_task(self, task_id: str | None) -> Sequence[Route]:
        return () if task_id is None else self._by_task.get(task_id, ())


NO_ROUTES = Routes(-1, ())
"""Used until the listeners have been read; no revision is negative."""
