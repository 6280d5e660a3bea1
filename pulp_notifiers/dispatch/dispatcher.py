"""The dispatcher: decides who is owed an event and writes the deliveries. It never uses the network."""

import logging
import math
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import lru_cache, partial
from threading import Lock
from typing import Protocol
from uuid import UUID

from ..errors import EventIdTaken, InvalidConfig, NotifierUnavailable, StoreUnavailable
from ..event import TASK_EVENT_TYPES, Event, matches_any, utc_now
from ..notifier import ONE_TARGET
from ..outage import Outage
from ..plugin_host import LoadedNotifier
from ..records import ErrorKind, Kept, LeaseOffer, Listener, Owed, OwedEvent, Written
from .conditions import EventFacts, ListenerCondition
from .routes import NO_ROUTES, Route, Routes

_RETRY_SECONDS = 5.0
"""Unknown targets are not looked up more often: a plugin that fails slowly would slow down every event."""

_MAX_REMEMBERED_TYPES = 1000

_logger = logging.getLogger(__name__)


class ListenerRows(Protocol):
    """Where listeners are stored (``pulp_notifiers.store``)."""

    def all(self) -> tuple[int, list[Listener]]: ...
    def latest_revision(self) -> int: ...


class Outbox(Protocol):
    """Where events and deliveries are written (``pulp_notifiers.store``)."""

    def add_all(
        self,
        batch: Sequence[OwedEvent],
        listeners_revision: int,
        now: datetime,
        kept: Kept | None = None,
        offer: LeaseOffer | None = None,
    ) -> Written | None: ...
    def stored(self, event_ids: Collection[UUID]) -> Collection[UUID]: ...


class LocalWorker(Protocol):
    """The worker of this process (:class:`pulp_notifiers.delivery.Worker`)."""

    def offer_lease(self) -> LeaseOffer | None: ...
    def take_over(self, offer: LeaseOffer, written: Written) -> None: ...
    def wake(self) -> None: ...


class NoWorker:
    """Stands for the worker if another process delivers."""

    def offer_lease(self) -> None:
        """Offer nothing."""

    def take_over(self, offer: LeaseOffer, written: Written) -> None:
        """Do nothing, because nothing was offered."""

    def wake(self) -> None:
        """Do nothing."""


class ErrorCounter(Protocol):
    """Counts errors of listeners (:class:`.listener_errors.ListenerErrorCounter`)."""

    def count(self, kind: ErrorKind, listener: Listener, event: Event, problem: str) -> None: ...


class NoCounter:
    """Stands for the counter if nobody wants to know."""

    def count(self, kind: ErrorKind, listener: Listener, event: Event, problem: str) -> None:
        """Do nothing."""


class Notifiers(Protocol):
    """The notifiers, which know the targets of a config (:class:`pulp_notifiers.plugin_host.NotifierRegistry`)."""

    def get(self, plugin_type: str, /) -> LoadedNotifier: ...


class Dispatcher:
    """Matches events with listeners in memory and writes the deliveries.

    What it knows about listeners belongs to a revision. The transaction that writes an event checks that the revision
    is still current, so a listener that another process registered a moment ago is not missed.

    :param worker: gets the deliveries that it has room for at once; the others are claimed by some process later.
    :param check_seconds: how long :meth:`wants` and :meth:`included` use the known listeners before they check.
    :param kept_types: patterns of the events that are stored even if no listener matches them.
    :param errors: counts conditions that cannot be evaluated.
    """

    def __init__(
        self,
        listeners: ListenerRows,
        outbox: Outbox,
        notifiers: Notifiers,
        worker: LocalWorker | None = None,
        clock: Callable[[], datetime] = utc_now,
        monotonic: Callable[[], float] = time.monotonic,
        check_seconds: float = 1.0,
        kept_types: Sequence[str] = (),
        errors: ErrorCounter | None = None,
    ) -> None:
        self._listeners = listeners
        self._errors = errors or NoCounter()
        self._outbox = outbox
        self._notifiers = notifiers
        self._worker = worker or NoWorker()
        self._clock = clock
        self._monotonic = monotonic
        self._check_seconds = check_seconds
        self._keeps = lru_cache(_MAX_REMEMBERED_TYPES)(partial(matches_any, tuple(kept_types)))
        self._check_at = -math.inf
        self._reload_at = math.inf
        self._outage = Outage(clock)
        self._lock = Lock()
        self._reusing: set[str] = set()  # sources that were logged for it
        self._routes: Routes | None = None
        self._route_of: dict[str, tuple[Listener, Route]] = {}

    def known_listeners(self) -> Sequence[Listener]:
        """Return the listeners with which events are matched; reads them only if they may have changed.

        If they cannot be read, those known so far: firing an event raises the reason.
        """
        try:
            self._checked()
        except Exception:  # of a row that was damaged; whoever asks only shows what is known
            _logger.debug("Listeners could not be read.", exc_info=True)
        return [listener for listener, _ in self._route_of.values()]

    def fire(self, event: Event) -> int:
        """Write an event and its deliveries in one transaction; return how many deliveries it has.

        Firing an event again adds nothing. An event that no listener matches is stored only if its type is kept.

        :raises EventIdTaken: another event is stored under this id; nothing was written.
        :raises PartlyWritten: some of very many deliveries were written; fire the same event again.
        :raises StoreUnavailable: otherwise, nothing was written.
        :raises TypeError: payload or call report contain a value that has no JSON form.
        :raises ValueError: they contain a number that is not finite.
        """
        written = self._fire((event,), None)
        if written.taken:
            raise EventIdTaken(event.id, written.taken[str(event.id)])
        return written.deliveries

    def fire_derived(self, event: Event) -> int:
        """Write an event whose id is derived from a fact; like :meth:`fire`, but another description is a repeat."""
        return self.fire_all((event,))

    def fire_all(self, events: Sequence[Event], kept: Kept | None = None) -> int:
        """Write events, their deliveries and what a source remembers in one transaction; see :meth:`fire`.

        An event whose id is stored already adds nothing, whatever its content: a source could do nothing about it, and
        would be stopped for ever if that was an error.

        :param kept: what the source of the events remembers; its lease is checked even if there are no events.
        :raises LeaseLost: another process runs that source; nothing was written.
        """
        if not events and kept is None:
            return 0
        written = self._fire(events, kept)
        if written.taken:
            self._log_taken([event for event in events if str(event.id) in written.taken])
        return written.deliveries

    def fire_to(self, listener_id: str, event: Event) -> bool:
        """Write an event that is owed to one listener, whether or not the listener and its condition match it.

        :return: False if the listener is not registered; nothing was written then.
        :raises StoreUnavailable: nothing was written.
        """
        while True:
            revision, listeners = self._listeners.all()
            found = next((each for each in listeners if each.id == listener_id), None)
            if found is None:
                return False
            owed = [Owed(found.id, found.notifier_type, ONE_TARGET)]
            if self._write([OwedEvent(event, owed)], revision) is not None:
                return True

    def stored(self, event_ids: Collection[UUID]) -> Collection[UUID]:
        """Return which of these events are stored.

        :raises StoreUnavailable: the database does not answer.
        """
        return self._outbox.stored(event_ids)

    def wants(self, event_type: str, task_id: str | None = None) -> bool:
        """Return whether an event of that type, in that task, is worth firing: a listener matches it, or it is kept.

        Answered from memory, so it costs next to nothing: the listeners' revision is read at most once every
        ``check_seconds``, and a listener that another process registered is known after that time. While the database
        does not answer, the listeners known last count.
        """
        return self._keeps(event_type) or self._checked().any_match(event_type, task_id)

    def included(self, event_type: str) -> frozenset[str]:
        """Return what listeners of an event type ask sources to include; answered from memory like :meth:`wants`."""
        return self._checked().included(event_type)

    def learn(self) -> None:
        """Read the listeners now, so that no event is skipped only because no listener was known yet.

        :raises StoreUnavailable: they cannot be read.
        """
        self._load()

    def look_again(self) -> None:
        """Check the listeners at the next question: one has changed in this process."""
        self._check_at = -math.inf

    def _fire(self, events: Sequence[Event], kept: Kept | None) -> Written:
        routes = self._routes
        if routes is None or self._monotonic() >= self._reload_at:
            routes = self._load()
        facts = list(map(EventFacts, events))  # what conditions gave for the events stays known if listeners change
        while (written := self._write(self._batch(routes, facts), routes.revision, kept)) is None:
            routes = self._load()
        return written

    def _batch(self, routes: Routes, events: Sequence[EventFacts]) -> Sequence[OwedEvent]:
        batch = routes.batch(events)
        return [each if each.owed or not self._keeps(each.event.type) else replace(each, kept=True) for each in batch]

    def _log_taken(self, events: Sequence[Event]) -> None:
        for event in events:
            # A task that is reported again may have made progress.
            usual = event.type in TASK_EVENT_TYPES or event.source in self._reusing
            _logger.log(
                logging.DEBUG if usual else logging.WARNING,
                "Event %s (%s) from %s is dropped: another event has its id; the source must derive ids from facts",
                event.id,
                event.type,
                event.source,
            )
            if event.type not in TASK_EVENT_TYPES:
                self._reusing.add(event.source)

    def _write(self, batch: Sequence[OwedEvent], revision: int, kept: Kept | None = None) -> Written | None:
        offer = self._worker.offer_lease()
        written = self._outbox.add_all(batch, revision, self._clock(), kept, offer)
        if written is None:
            return None
        for each in batch:
            _logger.debug("Event %s (%s) fired by %s", each.event.id, each.event.type, each.event.source)
            if each.failed:
                self._count_errors(each)
        if offer is not None and written.claims:
            self._worker.take_over(offer, written)
        if written.deliveries > sum(len(claim.deliveries) for claim in written.claims):
            self._worker.wake()
        return written

    def _count_errors(self, event: OwedEvent) -> None:
        known = self._route_of  # another thread may have read the listeners again
        for listener, problem in [(known[one][0], problem) for one, problem in event.failed if one in known]:
            self._errors.count(ErrorKind.CONDITION, listener, event.event, problem)

    def _checked(self) -> Routes:
        routes = self._routes
        if routes is not None and self._monotonic() < self._check_at:
            return routes
        # Set first, so that other threads use the known listeners meanwhile.
        self._check_at = self._monotonic() + self._check_seconds
        try:
            if routes is None or self._listeners.latest_revision() != routes.revision:
                routes = self._load()
        except StoreUnavailable as unavailable:
            # Not raised: perhaps no listener matches, and then the caller does not need the database.
            self._check_at = self._monotonic() + max(self._check_seconds, _RETRY_SECONDS)
            routes = self._routes = routes or NO_ROUTES
            level = self._outage.begin_at(logging.WARNING)
            _logger.log(level, "Listeners could not be read, using those known so far: %s", unavailable)
        else:
            self._outage.end()
        return routes

    def _load(self) -> Routes:
        with self._lock:
            revision, listeners = self._listeners.all()
            known = self._route_of
            _log_unreadable(listeners, known)
            self._route_of = {each.id: (each, self._kept_route(each, known) or self._route(each)) for each in listeners}
            routes = Routes(revision, [route for _, route in self._route_of.values()])
            # A missing plugin may be installed soon, which does not change the revision.
            self._reload_at = math.inf if routes.complete else self._monotonic() + _RETRY_SECONDS
            self._routes = routes
            return routes

    def _kept_route(self, listener: Listener, known: Mapping[str, tuple[Listener, Route]]) -> Route | None:
        read_before, route = known.get(listener.id, (None, None))
        return route if read_before is listener and route is not None and route.owed else None

    def _route(self, listener: Listener) -> Route:
        # If the targets are unknown there is still one delivery: its attempts say why.
        unresolved = Owed(listener.id, listener.notifier_type, ONE_TARGET)
        route = partial(
            Route,
            listener.event_types,
            listener.task_id,
            frozenset(listener.include),
            unresolved,
            enabled=listener.enabled,
            condition=ListenerCondition.of(listener),
        )
        try:
            notifier = self._notifiers.get(listener.notifier_type)
            targets = notifier.targets(notifier.parse(listener.config))
        except InvalidConfig:
            return route(owed=(unresolved,))
        except NotifierUnavailable as problem:
            _logger.debug("Targets of listener %s are not known yet: %s", listener.id, problem)
            return route(owed=())
        return route(owed=tuple(Owed(listener.id, listener.notifier_type, target) for target in targets))


def _log_unreadable(listeners: Sequence[Listener], known: Mapping[str, tuple[Listener, Route]]) -> None:
    """Log the listeners that cannot be used, each once."""
    for listener in listeners:
        before = known.get(listener.id)
        if listener.unreadable is not None and (before is None or before[0].unreadable is None):
            _logger.error("Listener %s cannot be used: %s", listener.id, listener.unreadable)
