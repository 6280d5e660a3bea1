"""Connections between two mails."""

import os
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from .connection import Connection, Deadline

_GOODBYE_SECONDS = 2.0


@dataclass(slots=True)
class _Shelf:
    """The idle connections of one process, those used last at the end, each with the time since when it is idle."""

    pid: int = field(default_factory=os.getpid)
    lock: threading.Lock = field(default_factory=threading.Lock)
    idle: list[tuple[float, Connection]] = field(default_factory=list)
    timer: threading.Timer | None = None
    closed: bool = False


class Pool:
    """Keeps connections for the next mail of a burst, and ends each with QUIT when no mail came for a while.

    There is no NOOP before reuse, which would cost 15 % of a burst: a connection that turns out dead is replaced by
    the caller. May be used by several threads, and after a fork.

    :param idle_seconds: how long a connection is kept.
    """

    def __init__(self, idle_seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._idle_seconds = idle_seconds
        self._clock = clock
        self._shelf = _Shelf()

    def take(self) -> Connection | None:
        """Return the connection used last, or None when none is idle."""
        shelf = self._own_shelf()
        with shelf.lock:
            return shelf.idle.pop()[1] if shelf.idle else None

    def give_back(self, connection: Connection) -> None:
        """Keep a connection for the next mail, unless it cannot be used again."""
        shelf = self._own_shelf()
        with shelf.lock:
            kept = connection.reusable and not shelf.closed
            if kept:
                shelf.idle.append((self._clock(), connection))
                self._set_timer(shelf)
        if not kept:
            self._part_from([connection])

    def close(self) -> None:
        """End every idle connection, and keep none from now on."""
        shelf = self._own_shelf()
        with shelf.lock:
            shelf.closed = True
            idle, shelf.idle = shelf.idle, []
            if shelf.timer is not None:
                shelf.timer.cancel()
        self._part_from(connection for _, connection in idle)

    def _own_shelf(self) -> _Shelf:
        if self._shelf.pid != os.getpid():
            # After a fork the sessions are the parent's: closing our copies of the sockets says nothing on the wire.
            # The parent's lock may have been held by a thread that does not exist here, so it is not asked.
            inherited, self._shelf = self._shelf, _Shelf(closed=self._shelf.closed)
            for _, connection in inherited.idle:
                connection.close()
        return self._shelf

    def _set_timer(self, shelf: _Shelf) -> None:
        if shelf.timer is None and shelf.idle:
            oldest, _ = shelf.idle[0]
            wait = max(0.0, oldest + self._idle_seconds - self._clock())
            shelf.timer = threading.Timer(wait, self._end_idle, [shelf])
            shelf.timer.daemon = True
            shelf.timer.start()

    def _end_idle(self, shelf: _Shelf) -> None:
        with shelf.lock:
            expired_before = self._clock() - self._idle_seconds
            expired = [connection for since, connection in shelf.idle if since <= expired_before]
            shelf.idle = [(since, connection) for since, connection in shelf.idle if since > expired_before]
            shelf.timer = None
            if not shelf.closed:
                self._set_timer(shelf)
        self._part_from(expired)

    @staticmethod
    def _part_from(connections: Iterable[Connection]) -> None:
        deadline = Deadline(_GOODBYE_SECONDS)
        for connection in connections:
            connection.say_goodbye(deadline)
