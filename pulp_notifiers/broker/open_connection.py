"""What every use of an open connection has in common: a deadline, channels, reading, and an end."""

from typing import Any

from kombu.connection import Connection
from kombu.exceptions import OperationalError

from .amqp_connection import AmqpConnection
from .deadline import Deadline


class OpenConnection:
    """An open connection, for one thread at a time; it is never reopened.

    :param connection: from :meth:`Broker.connect`.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._raw = connection.connection
        # None on kombu's other transports, which know no deadline.
        self._amqp = self._raw if isinstance(self._raw, AmqpConnection) else None
        # After these errors the connection can no longer be used.
        self._fatal_errors: tuple[type[BaseException], ...] = (*connection.connection_errors, OperationalError)

    def close(self, seconds: float) -> None:
        """Disconnect cleanly, or drop the connection if the server does not answer within this time."""
        self._keep_to(Deadline(seconds))
        self._connection.release()

    def discard(self) -> None:
        """Drop the connection without notifying the server."""
        self._keep_to(Deadline(0))
        self._connection.collect()

    def abandon(self) -> None:
        """In a forked child: leave the connection to the parent."""
        if self._amqp is not None:
            self._amqp.abandon()

    def _keep_to(self, deadline: Deadline) -> None:
        if self._amqp is not None:
            self._amqp.keep_to(deadline)

    def _new_channel(self) -> Any:
        # Not from kombu's connection, which would silently reconnect.
        return self._connection.transport.create_channel(self._raw)

    def _read(self, seconds: float) -> bool:
        """Handle what the server sends next; return False if nothing arrives within this time."""
        try:
            if self._amqp is None:
                self._connection.transport.drain_events(self._raw, timeout=seconds)
            else:
                self._amqp.blocking_read(seconds)
        except TimeoutError as error:
            if error.errno is not None:  # the kernel gave up on the connection
                raise
            return False
        return True
