"""Idle connections, kept for the next mail."""

import os
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from .connection import Connection, Deadline

_QUIT_SECONDS = 2.0


@dataclass(slots=True)
class _Idle:
    """The idle connections of one process, most recently used last, each with the time since when it is idle."""

    pid: int = field(default_factory=os.getpid)
    lock: threading.Lock = field(default_factory=threading.Lock)
    connections: list[tuple[float, Connection]] = field(default_factory=list)
    timer: threading.Timer | None = None
    closed: bool = False


class Pool:
    """Keeps connections for the next mail of a burst, and ends each with QUIT after a while without mail.

    There is no NOOP before reuse, which would cost 15 % of a burst: the caller replaces a connection that turns out to
    be dead. May be used by several threads, and after a fork.

    :param idle_seconds: how long an idle connection is kept.
    """

    def __init__(self, idle_seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._idle_seconds = idle_seconds
        self._clock = clock
        self._idle = _Idle()

    def take(self) -> Connection | None:
        """Return the most recently used connection, or None if none is idle."""
        idle = self._own_idle()
        with idle.lock:
            return idle.connections.pop()[1] if idle.connections else None

    def put_back(self, connection: Connection) -> None:
        """Keep a connection for the next mail, unless it cannot be reused."""
        idle = self._own_idle()
        with idle.lock:
            kept = connection.reusable and not idle.closed
            if kept:
                idle.connections.append((self._clock(), connection))
                self._set_timer(idle)
        if not kept:
            self._quit([connection])

    def close(self) -> None:
        """End all idle connections, and keep none from now on."""
        idle = self._own_idle()
        with idle.lock:
            idle.closed = True
            connections, idle.connections = idle.connections, []
            if idle.timer is not None:
                idle.timer.cancel()
        self._quit(connection for _, connection in connections)

    def _own_idle(self) -> _Idle:
        if self._idle.pid != os.getpid():
            # After a fork the sessions are the parent's; closing our copies of the sockets sends nothing.
            # A thread that does not exist here may have held the parent's lock, so it is not acquired.
            inherited, self._idle = self._idle, _Idle(closed=self._idle.closed)
            for _, connection in inherited.connections:
                connection.close()
        return self._idle

    def _set_timer(self, idle: _Idle) -> None:
        if idle.timer is None and idle.connections:
            oldest, _ = idle.connections[0]
            wait = max(0.0, oldest + self._idle_seconds - self._clock())
            idle.timer = threading.Timer(wait, self._end_idle, [idle])
            idle.timer.daemon = True
            idle.timer.start()

    def _end_idle(self, idle: _Idle) -> None:
        with idle.lock:
            expired_before = self._clock() - self._idle_seconds
            expired = [connection for since, connection in idle.connections if since <= expired_before]
            idle.connections = [(since, connection) for since, connection in idle.connections if since > expired_before]
            idle.timer = None
            if not idle.closed:
                self._set_timer(idle)
        self._quit(expired)

    @staticmethod
    def _quit(connections: Iterable[Connection]) -> None:
        deadline = Deadline(_QUIT_SECONDS)
        for connection in connections:
            connection.end_session(deadline)
