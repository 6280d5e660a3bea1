"""Accepts connections and keeps their number within its limits."""

import asyncio
import logging
import socket
import ssl
from collections import defaultdict, deque
from collections.abc import Callable, Iterable
from http import HTTPStatus

from ...access import address_group
from ..http.proxies import TrustedProxies
from ..settings import RestSettings
from .connection import Connection, refusal_text
from .refused import Refused
from .tally import Tally

_ACCEPTS_PER_TURN = 64
_PAUSE_SECONDS = 0.2
_MOST_SECONDS_BETWEEN_CHECKS = 0.5
_UNREAD_REQUEST_BYTES = 65536

_FRESH_SECONDS = 0.3
"""A client that has just connected has not had the time to send its request."""

_MOST_HELD = 256
_HELD_SECONDS = 2.0
_HELD_CHECK_SECONDS = 0.05

_BUSY = Refused(HTTPStatus.SERVICE_UNAVAILABLE, "The server has too many requests in progress; try again later.")

_logger = logging.getLogger(__name__)

NewConnection = Callable[["Door", str], Connection]


class Door:
    """The listening socket of a server, in place of asyncio's own, which knows no limits.

    asyncio also logs a line for each connection that it cannot accept for want of descriptors, hundreds at a time.

    A connection beyond the limits takes the place of one whose client is idle. If all others are fresh or busy, as in a
    burst of requests, it is held unread for a moment, until one of them ends.

    :param capacity: the number of connections at a time.
    :param highest_descriptor: accept no connection whose descriptor is higher. The system assigns the lowest that is
        free, so then all below are in use, by whatever part of the process.
    :param new_connection: makes a connection of this door from the address of its client.
    """

    def __init__(
        self,
        listening: socket.socket,
        limits: RestSettings,
        capacity: int,
        highest_descriptor: int,
        proxies: TrustedProxies,
        tls: ssl.SSLContext | None,
        new_connection: NewConnection,
    ) -> None:
        self._listening = listening
        self._limits = limits
        self._capacity = capacity
        self._highest_descriptor = highest_descriptor
        self._proxies = proxies
        self._tls = tls
        self._new_connection = new_connection
        self._loop = asyncio.get_running_loop()
        self._opening: dict[Connection, asyncio.Task[None]] = {}
        self._of_address: dict[str, set[Connection]] = defaultdict(set)
        self._held: deque[tuple[socket.socket, str, float]] = deque()
        self._count = 0
        self._tally = Tally()
        self._failed_accepts = 0
        self._closed = False
        deadlines = (limits.head_seconds, limits.transfer_seconds, limits.keep_alive_seconds)
        self._check_seconds = min(_MOST_SECONDS_BETWEEN_CHECKS, min(deadlines) / 4)
        self._checked_at = self._loop.time()

    def open(self) -> None:
        """Accept connections from now on."""
        self._listening.setblocking(False)
        self._resume()
        self._loop.call_later(self._check_seconds, self._check)

    def close(self) -> None:
        """Accept no more connections."""
        self._closed = True
        self._loop.remove_reader(self._listening)
        for task in self._opening.values():
            task.cancel()
        while self._held:
            self._held.popleft()[0].close()
        self._tally.flush()

    async def wait_closed(self) -> None:
        """Return when it is closed, as asyncio's servers do."""

    def forget(self, connection: Connection) -> None:
        """Note that a connection was closed."""
        group = address_group(connection.address)
        if connection in self._of_address.get(group, ()):
            self._of_address[group].remove(connection)
            self._count -= 1
            if not self._of_address[group]:
                del self._of_address[group]

    def closes(self, connection: Connection, reason: str) -> None:
        """Note why a connection is closed."""
        self._tally.add(connection.address, reason, self._loop.time())

    def _resume(self) -> None:
        if not self._closed:
            self._loop.add_reader(self._listening, self._accept)

    def _accept(self) -> None:
        for _ in range(_ACCEPTS_PER_TURN):
            try:
                accepted, address = self._listening.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                self._pause(error)
                return
            if self._failed_accepts:
                _logger.warning("Connections are accepted again, after %d failures", self._failed_accepts)
                self._failed_accepts = 0
            self._admit(accepted, str(address[0]))

    def _pause(self, error: OSError) -> None:
        if not self._failed_accepts:
            _logger.error("Connections cannot be accepted: %s; raise the limit of open files or memory", error)
        self._failed_accepts += 1
        self._make_room(self._everybody())
        self._loop.remove_reader(self._listening)
        self._loop.call_later(_PAUSE_SECONDS, self._resume)

    def _admit(self, accepted: socket.socket, address: str) -> None:
        accepted.setblocking(False)
        if self._has_room(accepted, address, _FRESH_SECONDS):
            self._let_in(accepted, address)
        elif len(self._held) < _MOST_HELD and accepted.fileno() <= self._highest_descriptor:
            self._held.append((accepted, address, self._loop.time()))
            if len(self._held) == 1:
                self._loop.call_later(_HELD_CHECK_SECONDS, self._admit_held)
        else:
            self._decide(accepted, address)

    def _admit_held(self) -> None:
        latest = self._loop.time() - _HELD_SECONDS
        for _ in range(len(self._held)):
            accepted, address, since = self._held.popleft()
            if self._has_room(accepted, address, _FRESH_SECONDS):
                self._let_in(accepted, address)
            elif since > latest:
                self._held.append((accepted, address, since))
            else:
                self._decide(accepted, address)
        if self._held:
            self._loop.call_later(_HELD_CHECK_SECONDS, self._admit_held)

    def _decide(self, accepted: socket.socket, address: str) -> None:
        if self._has_room(accepted, address, 0.0):
            self._let_in(accepted, address)
        else:
            self._tally.add(address, "every connection allowed has a request in progress", self._loop.time())
            self._turn_away(accepted)

    def _let_in(self, accepted: socket.socket, address: str) -> None:
        connection = self._new_connection(self, address)
        self._of_address[address_group(address)].add(connection)
        self._count += 1
        task = self._loop.create_task(self._open(connection, accepted))
        self._opening[connection] = task
        task.add_done_callback(lambda task: self._opened(connection, accepted, is_cancelled=task.cancelled()))

    def _has_room(self, accepted: socket.socket, address: str, fresh_seconds: float) -> bool:
        neighbours = self._of_address.get(address_group(address), ())
        if len(neighbours) >= self._limits.max_connections_per_address and not self._proxies.include(address):
            return self._make_room(neighbours, fresh_seconds)
        if self._count >= self._capacity or accepted.fileno() > self._highest_descriptor:
            return self._make_room(self._everybody(), fresh_seconds)
        return True

    def _everybody(self) -> Iterable[Connection]:
        return (connection for group in self._of_address.values() for connection in group)

    def _make_room(self, candidates: Iterable[Connection], fresh_seconds: float = 0.0) -> bool:
        latest = self._loop.time() - fresh_seconds
        waiting = [
            (since, connection)
            for connection in candidates
            if (since := connection.waits_since) is not None and since <= latest
        ]
        if not waiting:
            return False
        _, longest = min(waiting, key=lambda entry: entry[0])
        self.closes(longest, "it was idle or incomplete longest, and a new connection needed its place")
        self._evict(longest)
        return True

    def _evict(self, connection: Connection) -> None:
        self.forget(connection)
        if (task := self._opening.get(connection)) is not None:
            task.cancel()
        if connection.transport is not None:
            connection.transport.abort()

    async def _open(self, connection: Connection, accepted: socket.socket) -> None:
        seconds = None if self._tls is None else self._limits.head_seconds
        try:
            await self._loop.connect_accepted_socket(
                lambda: connection,
                accepted,
                ssl=self._tls,
                ssl_handshake_timeout=seconds,
                ssl_shutdown_timeout=seconds,
            )
        except OSError:  # includes ssl.SSLError and TimeoutError
            self.forget(connection)

    def _opened(self, connection: Connection, accepted: socket.socket, is_cancelled: bool) -> None:
        del self._opening[connection]
        if is_cancelled:  # perhaps before it began, so that nobody else closes the socket
            self.forget(connection)
            accepted.close()

    def _turn_away(self, accepted: socket.socket) -> None:
        try:
            if self._tls is None:
                accepted.send(refusal_text(_BUSY, []))
                accepted.shutdown(socket.SHUT_WR)
                # What is unread when a socket is closed resets the connection, and the answer may be lost.
                accepted.recv(_UNREAD_REQUEST_BYTES)
        except OSError:
            return  # the client is gone, or has not sent its request yet
        finally:
            accepted.close()

    def _check(self) -> None:
        now = self._loop.time()
        for connection in list(self._everybody()):
            connection.check(now, now - self._checked_at)
        self._checked_at = now
        self._tally.report(now)
        if not self._closed or self._count:
            self._loop.call_later(self._check_seconds, self._check)
