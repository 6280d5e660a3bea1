"""The dispatcher: decides who is owed an event and has it written. It never touches a network."""

import logging
import math
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import chain
from threading import Lock
from typing import Protocol

from ..errors import InvalidConfig, NotifierUnavailable, StoreUnavailable
from ..event import FINAL_TASK_EVENT_TYPES, Event, matches_any, utc_now
from ..notifier import ONE_TARGET
from ..plugin_host import LoadedNotifier
from ..records import Kept, Listener, Owed, OwedEvent

_LOOK_AGAIN_SECONDS = 5.0
"""Targets that could not be told are not asked for again before: a plugin that fails slowly would slow every event."""

_logger = logging.getLogger(__name__)


class ListenerRows(Protocol):
    """Where listeners are kept."""

    def all(self) -> tuple[int, list[Listener]]: ...
    def latest_revision(self) -> int: ...


class Outbox(Protocol):
    """Where events and deliveries are written."""

    def add_all(
        self, batch: Sequence[OwedEvent], listeners_revision: int, now: datetime, kept: Kept | None = None
    ) -> int | None: ...


class Notifiers(Protocol):
    """Who knows the targets of a config."""

    def get(self, notifier_type: str) -> LoadedNotifier: ...


@dataclass(frozen=True, slots=True)
class _Route:
    event_types: tuple[str, ...]
    task_id: str | None
    include: frozenset[str]
    unresolved: Owed
    owed: tuple[Owed, ...]


class _Routes:
    """Who listens to what, by one revision of the listeners."""

    def __init__(self, revision: int, routes: Iterable[_Route]) -> None:
        self.revision = revision
        self._by_task: dict[str | None, list[_Route]] = defaultdict(list)
        for route in routes:
            self._by_task[route.task_id].append(route)
        self._of_any_task = self._by_task.pop(None, [])
        self._wanted: dict[str, bool] = {}
        known = (*self._of_any_task, *chain.from_iterable(self._by_task.values()))
        self._asking = [route for route in known if route.include]
        self._included: dict[str, frozenset[str]] = {}

    @property
    def complete(self) -> bool:
        """Whether the targets of all listeners are known."""
        return all(route.owed for routes in (self._of_any_task, *self._by_task.values()) for route in routes)

    def owed(self, event: Event) -> list[Owed]:
        """Return the targets that are to get an event."""
        candidates = (*self._of_any_task, *self._of_task(event.task_id()))
        chosen = [route for route in candidates if matches_any(route.event_types, event.type)]
        return [owed for route in chosen for owed in route.owed or (route.unresolved,)]

    def batch(self, events: Sequence[Event]) -> list[OwedEvent]:
        """Return who is owed what of events that happened in this order."""
        gone: set[str] = set()
        found = []
        for event in events:
            owed = [each for each in self.owed(event) if each.listener_id not in gone]
            ended = self.ended(event)
            gone.update(ended)
            found.append(OwedEvent(event, owed, ended))
        return found

    def ended(self, event: Event) -> list[str]:
        """Return the listeners that an event is the last one for."""
        if event.type not in FINAL_TASK_EVENT_TYPES:
            return []
        return [route.unresolved.listener_id for route in self._of_task(event.task_id())]

    def want(self, event_type: str, task_id: str | None) -> bool:
        """Tell whether an event is worth firing: somebody wants it, or the task that it is about is listened to."""
        if self._of_task(task_id):
            return True
        known = self._wanted.get(event_type)
        if known is None:
            known = any(matches_any(route.event_types, event_type) for route in self._of_any_task)
            self._wanted[event_type] = known
        return known

    def included(self, event_type: str) -> frozenset[str]:
        """Return what those who listen to a type, in whatever task, ask to be told with it."""
        known = self._included.get(event_type)
        if known is None:
            asking = (route.include for route in self._asking if matches_any(route.event_types, event_type))
            known = self._included[event_type] = frozenset[str]().union(*asking)
        return known

    def _of_task(self, task_id: str | None) -> Sequence[_Route]:
        return () if task_id is None else self._by_task.get(task_id, ())


_NOBODY_KNOWN = _Routes(-1, ())


class Dispatcher:
    """Matches events with listeners in memory and writes what is owed.

    What it knows of listeners belongs to a revision; the transaction that writes an event checks that the revision
    still holds, so a listener that another process registered a moment ago is not missed.

    :param check_seconds: for how long :meth:`wants` and :meth:`included` trust what is known.
    """

    def __init__(
        self,
        listeners: ListenerRows,
        outbox: Outbox,
        notifiers: Notifiers,
        wake: Callable[[], None] = lambda: None,
        clock: Callable[[], datetime] = utc_now,
        monotonic: Callable[[], float] = time.monotonic,
        check_seconds: float = 1.0,
    ) -> None:
        self._listeners = listeners
        self._outbox = outbox
        self._notifiers = notifiers
        self._wake = wake
        self._clock = clock
        self._monotonic = monotonic
        self._check_seconds = check_seconds
        self._check_at = -math.inf
        self._outage = False
        self._look_again_at = math.inf
        self._lock = Lock()
        self._routes: _Routes | None = None

    def fire(self, event: Event) -> int:
        """Write the event and what is owed of it, in one transaction; return how many deliveries it has.

        Firing an event id again adds nothing. An event that nobody listens to is not kept.

        :raises StoreUnavailable: nothing was written.
        :raises TypeError: payload or call report hold a value that has no JSON form.
        :raises ValueError: they hold a number that is not finite.
        """
        return self.fire_all((event,))

    def fire_all(self, events: Sequence[Event], kept: Kept | None = None) -> int:
        """Write events, what is owed of them, and what a source remembers, in one transaction; see :meth:`fire`.

        :param kept: what the source remembers that brings the events; its lease counts though there be no events.
        :raises LeaseLost: another process runs that source, and nothing was written.
        """
        if not events and kept is None:
            return 0
        routes = self._routes
        if routes is None or self._monotonic() >= self._look_again_at:
            routes = self._load()
        while True:
            written = self._outbox.add_all(routes.batch(events), routes.revision, self._clock(), kept)
            if written is not None:
                break
            routes = self._load()
        for event in events:
            _logger.debug("Event %s (%s) fired by %s", event.id, event.type, event.source)
        if written:
            self._wake()
        return written

    def wants(self, event_type: str, task_id: str | None = None) -> bool:
        """Tell whether an event of that type, in that task, is worth firing.

        Answered from memory, so that it costs next to nothing: the listeners' revision is read at most once every
        ``check_seconds``, and a listener that another process registered is known after that time. While the database
        is away the answer is the last one known.
        """
        routes = self._routes
        if routes is None or self._monotonic() >= self._check_at:
            routes = self._checked()
        return routes.want(event_type, task_id)

    def included(self, event_type: str) -> frozenset[str]:
        """Return what listeners of an event type ask sources to tell with it; answered as :meth:`wants` is."""
        routes = self._routes
        if routes is None or self._monotonic() >= self._check_at:
            routes = self._checked()
        return routes.included(event_type)

    def learn(self) -> None:
        """Look up who listens, so that nothing is ever unwanted only because nobody could be asked yet.

        :raises StoreUnavailable: nobody can be asked now.
        """
        self._load()

    def look_again(self) -> None:
        """Do not trust what is known of listeners: one has changed in this process."""
        self._check_at = -math.inf

    def _checked(self) -> _Routes:
        # Set first, so that other threads go on with what is known meanwhile.
        self._check_at = self._monotonic() + self._check_seconds
        routes = self._routes
        try:
            if routes is None or self._listeners.latest_revision() != routes.revision:
                routes = self._load()
        except StoreUnavailable as unavailable:
            # No exception: nobody may be listening, and then it is nothing to the caller.
            self._check_at = self._monotonic() + max(self._check_seconds, _LOOK_AGAIN_SECONDS)
            routes = self._routes = routes or _NOBODY_KNOWN
            level = logging.DEBUG if self._outage else logging.WARNING
            _logger.log(level, "Whether anybody listens to tasks cannot be looked up: %s", unavailable)
            self._outage = True
        else:
            self._outage = False
        return routes

    def _load(self) -> _Routes:
        with self._lock:
            revision, listeners = self._listeners.all()
            routes = _Routes(revision, map(self._route, listeners))
            # A plugin that is missing now may be there soon, and no revision would tell.
            self._look_again_at = math.inf if routes.complete else self._monotonic() + _LOOK_AGAIN_SECONDS
            self._routes = routes
            return routes

    def _route(self, listener: Listener) -> _Route:
        # Where targets cannot be told there is one delivery all the same: its attempts say why, and it is kept.
        unresolved = Owed(listener.id, listener.notifier_type, ONE_TARGET)
        route = partial(_Route, listener.event_types, listener.task_id, frozenset(listener.include), unresolved)
        try:
            notifier = self._notifiers.get(listener.notifier_type)
            targets = notifier.targets(notifier.parse(listener.config))
        except InvalidConfig:
            return route((unresolved,))
        except NotifierUnavailable as problem:
            _logger.debug("Targets of listener %s are not known yet: %s", listener.id, problem)
            return route(())
        return route(tuple(Owed(listener.id, listener.notifier_type, target) for target in targets))
