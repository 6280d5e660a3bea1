"""Connections to PostgreSQL on which no wait is without an end, and that work behind a pooler.

A server that is frozen, or a network that drops packets, enforces no ``statement_timeout``; so the client has a
deadline of its own.

A pooler such as pgbouncer gives each transaction another session of the server. What belongs to a session then gets
lost or hits another client: prepared statements, ``SET``, advisory locks of a session.
"""

import math
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import errors

_GRACE_SECONDS = 1.0
"""How much longer than the server itself the client waits, so that a server that is only slow cancels the statement."""

_IDLE_IN_TRANSACTION_SECONDS = 60
"""Time after which the server ends the transaction of a client that has vanished, and releases its locks."""

# Connections that are open are found broken after 10 + 3 * 5 seconds, if only the network says so.
_TCP = {"keepalives": 1, "keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3}

# What the administrator has set for the user, for the database or in the URL stays.
_START_SESSION = """
    SELECT pg_backend_pid(), array(
        SELECT set_config(name, CASE name WHEN 'statement_timeout' THEN %(statement)s ELSE %(idle)s END, false)
        FROM pg_settings
        WHERE pg_backend_pid() = %(reported)s
            AND name IN ('statement_timeout', 'idle_in_transaction_session_timeout')
            AND source NOT IN ('client', 'user', 'database', 'database user')
    )
"""


class ServerSilent(psycopg.OperationalError):
    """The server said nothing for too long; the connection is closed."""


NO_ANSWER = (ServerSilent, errors.ConnectionTimeout)
"""Errors that say that a server did not answer in time."""


class BoundedConnection(psycopg.Connection[Any]):
    """A connection that is closed if the server says nothing for too long.

    :ivar silence_seconds: how long that is.
    """

    silence_seconds = math.inf

    def wait(self, gen: Generator[Any, Any, Any], *args: Any, **options: Any) -> Any:
        """Return the result of a generator of psycopg's protocol; every wait of the driver passes here.

        :raises ServerSilent: the server said nothing for too long.
        """
        return super().wait(self._bounded(gen), *args, **options)

    def _bounded(self, gen: Generator[Any, Any, Any]) -> Generator[Any, Any, Any]:
        try:
            wanted = next(gen)
            while True:
                # Psycopg sends nothing every 0.1 s; only then the time is read, because most waits are shorter.
                silent_since = None
                while not (ready := (yield wanted)):
                    now = time.monotonic()
                    silent_since = now if silent_since is None else silent_since
                    if now - silent_since >= self.silence_seconds:
                        self.pgconn.finish()
                        raise ServerSilent(f"it has not answered for {self.silence_seconds:g} s")
                wanted = gen.send(ready)
        except StopIteration as ended:
            return ended.value


def connect(timeout_seconds: float, arguments: dict[str, Any]) -> BoundedConnection:
    """Return a connection.

    :param timeout_seconds: how long the server may take to accept it, and then for one statement.
    :param arguments: what the URL says, which has precedence.
    """
    defaults = {
        "connect_timeout": math.ceil(timeout_seconds),
        "tcp_user_timeout": math.ceil(timeout_seconds * 1000),
        **_TCP,
    }
    connection = BoundedConnection.connect(**{**defaults, **arguments})
    try:
        connection.silence_seconds = timeout_seconds + _GRACE_SECONDS
        _start_session(connection, timeout_seconds)
    except BaseException:
        connection.close()
        raise
    return connection


def _start_session(connection: BoundedConnection, timeout_seconds: float) -> None:
    reported = connection.info.backend_pid
    values = {
        "reported": reported,
        "statement": f"{math.ceil(timeout_seconds * 1000)}ms",
        "idle": f"{_IDLE_IN_TRANSACTION_SECONDS}s",
    }
    connection.autocommit = True
    row = connection.execute(_START_SESSION, values, prepare=False).fetchone()
    connection.autocommit = False
    # A pooler reports a number of its own, by which it recognises requests to cancel.
    if row is None or row[0] != reported:
        connection.prepare_threshold = None


@contextmanager
def patient(connection: BoundedConnection, statement_seconds: float, lock_seconds: float) -> Iterator[None]:
    """Begin a transaction whose statements have other limits than usual, for one ``with`` block."""
    usual = connection.silence_seconds
    limits = {
        "statement_timeout": statement_seconds,
        "lock_timeout": lock_seconds,
        "idle_in_transaction_session_timeout": 0,
    }
    for name, seconds in limits.items():
        connection.execute(f"SET LOCAL {name} = '{math.ceil(seconds * 1000)}ms'", prepare=False)
    connection.silence_seconds = statement_seconds + _GRACE_SECONDS
    try:
        yield
    finally:
        connection.silence_seconds = usual
