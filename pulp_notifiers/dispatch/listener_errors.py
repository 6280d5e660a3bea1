"""Counts the conditions and templates that fail, without holding up the event."""

import logging
import os
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime
from threading import Lock, Timer
from typing import Protocol

from ..errors import StoreUnavailable
from ..event import Event, utc_now
from ..records import ErrorKind, Listener, ListenerErrors

FLUSH_SECONDS = 2.0
"""How long counts stay in memory; a process that is killed loses those of this time."""

LOG_SECONDS = 3600.0
"""Further errors of a listener are only counted for this time."""

_AT_ONCE = 500
_MAX_LOGGED = 10_000

_Key = tuple[str, ErrorKind]

_logger = logging.getLogger(__name__)


class Rows(Protocol):
    """Where errors are counted (``pulp_notifiers.store``)."""

    def of(self, listener_ids: Collection[str]) -> Sequence[ListenerErrors]: ...
    def add(self, errors: Sequence[ListenerErrors]) -> None: ...


class Alarm(Protocol):
    """Calls a function later, unless it is cancelled."""

    def cancel(self) -> None: ...


def later(seconds: float, work: Callable[[], None]) -> Alarm:
    """Call a function after some seconds, in a thread that does not keep the process alive."""
    timer = Timer(seconds, work)
    timer.daemon = True
    timer.start()
    return timer


class ListenerErrorCounter:
    """Counts in memory, and writes the counts a little later in a transaction of its own.

    There is at most one count for each listener and kind, and a thread only while there is something to write.

    :param later: calls a function after some seconds.
    :param process: returns the id of this process, which may have been forked.
    """

    def __init__(
        self,
        rows: Rows,
        clock: Callable[[], datetime] = utc_now,
        monotonic: Callable[[], float] = time.monotonic,
        later: Callable[[float, Callable[[], None]], Alarm] = later,
        process: Callable[[], int] = os.getpid,
    ) -> None:
        self._rows = rows
        self._clock = clock
        self._monotonic = monotonic
        self._later = later
        self._lock = Lock()
        self._writing = Lock()  # what is being written is neither in memory nor in the database
        self._process = process
        self._pid = process()
        self._fork_lock = Lock()
        self._waiting: dict[_Key, ListenerErrors] = {}
        self._logged: dict[_Key, float] = {}
        self._alarm: Alarm | None = None

    def count(self, kind: ErrorKind, listener: Listener, event: Event, problem: str) -> None:
        """Count an error of a listener; the first one within an hour is logged."""
        key = (listener.id, kind)
        found = ListenerErrors(listener.id, kind, 1, str(event.id), self._clock(), problem)
        self._after_fork()
        with self._lock:
            self._waiting[key] = found.after(self._waiting.get(key))
            if self._alarm is None:
                self._alarm = self._later(FLUSH_SECONDS, self.flush)
            is_news = self._is_news(key)
        if is_news:
            _log(kind, listener, event, problem)

    def of(self, listener_ids: Collection[str]) -> list[ListenerErrors]:
        """Return the errors of listeners, those that are still in memory included."""
        keys = [(listener_id, kind) for listener_id in listener_ids for kind in ErrorKind]
        self._after_fork()
        with self._writing:
            found = {(each.listener_id, each.kind): each for each in self._rows.of(listener_ids)}
            with self._lock:
                for key in keys:
                    if (waiting := self._waiting.get(key)) is not None:
                        found[key] = waiting.after(found.get(key))
        return list(found.values())

    def forget(self, listener_id: str, kinds: Iterable[ErrorKind]) -> None:
        """Forget what is still in memory: what failed was changed."""
        self._after_fork()
        with self._lock:
            for kind in kinds:
                self._waiting.pop((listener_id, kind), None)
                self._logged.pop((listener_id, kind), None)

    def flush(self) -> None:
        """Write the counts now. If the database does not answer, they are kept and written later."""
        self._after_fork()
        with self._writing:
            with self._lock:
                self._alarm = None
                waiting = list(self._waiting.values())
                self._waiting.clear()
            written = 0
            try:
                while written < len(waiting):
                    self._rows.add(waiting[written : written + _AT_ONCE])
                    written += _AT_ONCE
            except StoreUnavailable as unavailable:
                _logger.debug("Errors of listeners could not be counted yet: %s", unavailable)
                self._keep(waiting[written:])

    def close(self) -> None:
        """Write what is left, and wait for what is being written."""
        self._after_fork()
        self._cancel_alarm()
        self.flush()
        self._cancel_alarm()  # if the database does not answer

    def _after_fork(self) -> None:
        if self._pid == self._process():
            return
        with self._fork_lock:
            if self._pid != self._process():
                # The parent writes what it has counted, in a thread that does not exist here and may hold the locks.
                self._lock, self._writing = Lock(), Lock()
                self._waiting, self._alarm = {}, None
                self._pid = self._process()

    def _cancel_alarm(self) -> None:
        with self._lock:
            alarm, self._alarm = self._alarm, None
        if alarm is not None:
            alarm.cancel()

    def _keep(self, errors: Sequence[ListenerErrors]) -> None:
        with self._lock:
            for each in errors:
                key = (each.listener_id, each.kind)
                newer = self._waiting.get(key)
                self._waiting[key] = each if newer is None else newer.after(each)
            if self._alarm is None:
                self._alarm = self._later(FLUSH_SECONDS, self.flush)

    def _is_news(self, key: _Key) -> bool:
        now = self._monotonic()
        logged_at = self._logged.get(key)
        if logged_at is not None and now - logged_at < LOG_SECONDS:
            return False
        if len(self._logged) >= _MAX_LOGGED:
            self._logged.clear()
        self._logged[key] = now
        return True


def _log(kind: ErrorKind, listener: Listener, event: Event, problem: str) -> None:
    if kind is ErrorKind.CONDITION:
        _logger.warning(
            "The condition of listener %s (%s) could not be evaluated for event %s (%s), which it does not get: %s "
            "Change its condition; further errors are only counted for an hour.",
            *(listener.name, listener.id, event.id, event.type, problem),
        )
    else:
        _logger.warning(
            "The template of listener %s (%s) failed for event %s (%s), which goes out in the default form: %s "
            "Change the template; further errors are only counted for an hour.",
            *(listener.name, listener.id, event.id, event.type, problem),
        )
