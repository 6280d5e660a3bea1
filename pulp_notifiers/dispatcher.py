"""The dispatcher: decides who is owed an event and has it written. It never touches a network."""

import logging
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Protocol

from .errors import InvalidConfig, NotifierUnavailable
from .event import Event, matches_any, utc_now
from .notifier import ONE_TARGET, LoadedNotifier
from .records import Listener, Owed

_LOOK_AGAIN_SECONDS = 5.0
"""Targets that could not be told are not asked for again before: a plugin that fails slowly would slow every event."""

_logger = logging.getLogger(__name__)


class ListenerRows(Protocol):
    """Where listeners are kept."""

    def all(self) -> tuple[int, list[Listener]]: ...


class Outbox(Protocol):
    """Where events and deliveries are written."""

    def add(self, event: Event, owed: Sequence[Owed], listeners_revision: int, now: datetime) -> int | None: ...


class Notifiers(Protocol):
    """Who knows the targets of a config."""

    def get(self, notifier_type: str) -> LoadedNotifier: ...


@dataclass(frozen=True, slots=True)
class _Route:
    event_types: tuple[str, ...]
    unresolved: Owed
    owed: tuple[Owed, ...]


@dataclass(frozen=True, slots=True)
class _Routes:
    revision: int
    routes: tuple[_Route, ...]

    def owed(self, event_type: str) -> list[Owed]:
        chosen = [route for route in self.routes if matches_any(route.event_types, event_type)]
        return [owed for route in chosen for owed in route.owed or (route.unresolved,)]


class Dispatcher:
    """Matches events with listeners in memory and writes what is owed.

    What it knows of listeners belongs to a revision; the transaction that writes an event checks that the revision
    still holds, so a listener that another process registered a moment ago is not missed.
    """

    def __init__(
        self,
        listeners: ListenerRows,
        outbox: Outbox,
        notifiers: Notifiers,
        wake: Callable[[], None] = lambda: None,
        clock: Callable[[], datetime] = utc_now,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._listeners = listeners
        self._outbox = outbox
        self._notifiers = notifiers
        self._wake = wake
        self._clock = clock
        self._monotonic = monotonic
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
        routes = self._routes
        if routes is None or self._monotonic() >= self._look_again_at:
            routes = self._load()
        while True:
            owed = routes.owed(event.type)
            written = self._outbox.add(event, owed, routes.revision, self._clock())
            if written is not None:
                break
            routes = self._load()
        _logger.debug("Event %s (%s) fired by %s: %d deliveries", event.id, event.type, event.source, written)
        if written:
            self._wake()
        return written

    def _load(self) -> _Routes:
        with self._lock:
            revision, listeners = self._listeners.all()
            routes = _Routes(revision, tuple(self._route(listener) for listener in listeners))
            # A plugin that is missing now may be there soon, and no revision would tell.
            complete = all(route.owed for route in routes.routes)
            self._look_again_at = math.inf if complete else self._monotonic() + _LOOK_AGAIN_SECONDS
            self._routes = routes
            return routes

    def _route(self, listener: Listener) -> _Route:
        # Where targets cannot be told there is one delivery all the same: its attempts say why, and it is kept.
        unresolved = Owed(listener.id, listener.notifier_type, ONE_TARGET)
        try:
            notifier = self._notifiers.get(listener.notifier_type)
            targets = notifier.targets(notifier.parse(listener.config))
        except InvalidConfig:
            return _Route(listener.event_types, unresolved, (unresolved,))
        except NotifierUnavailable as problem:
            _logger.debug("Targets of listener %s are not known yet: %s", listener.id, problem)
            return _Route(listener.event_types, unresolved, ())
        owed = tuple(Owed(listener.id, listener.notifier_type, target) for target in targets)
        return _Route(listener.event_types, unresolved, owed)
