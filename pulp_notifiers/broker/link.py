"""One open connection to a messaging server: exchanges, and messages that the server confirms."""

import os
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from amqp.exceptions import MessageNacked
from kombu.connection import Connection
from kombu.exceptions import ChannelError, OperationalError

from ..errors import PermanentFailure, TemporaryFailure

_NOT_FOUND, _PRECONDITION_FAILED = 404, 406
_HOPELESS = frozenset({311, 403, _NOT_FOUND, _PRECONDITION_FAILED})
"""Answers to one message or declaration that would be the same next time (AMQP 0-9-1, section 1.2)."""


class LinkLost(TemporaryFailure):
    """The connection is of no more use; whether the server took the message is not known."""


class Refused(TemporaryFailure):
    """The server did not take the message, on a connection that stays good."""


@dataclass(frozen=True, slots=True)
class AmqpMessage:
    """A message as it goes out; what is None is not sent.

    :ivar exchange: created where it is missing; see :meth:`Link.ensure_topic_exchange`.
    :ivar delivery_mode: 2 for a message that survives a restart of the server, 1 for one that does not.
    """

    exchange: str
    routing_key: str
    body: bytes
    message_id: str | None = None
    headers: Mapping[str, Any] = field(default_factory=dict)
    delivery_mode: int | None = 2
    content_type: str | None = None
    content_encoding: str | None = None
    priority: int | None = None


class Deadline:
    """A moment that a whole chain of steps must keep to.

    :param seconds: from now.
    """

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.seconds = seconds
        self._clock = clock
        self._end = clock() + seconds

    def remaining(self) -> float:
        """Return the seconds left, never below zero."""
        return max(0.0, self._end - self._clock())


class Link:
    """One open connection to a messaging server, for one thread at a time.

    :param connection: connected.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._raw = connection.connection
        self._server_names = connection.transport.driver_type == "amqp"
        self._broken = (*connection.connection_errors, OperationalError)
        self._exchanges: set[str] = set()
        self._publishing: Any = None
        self._asking: Any = None

    def publish(self, message: AmqpMessage, deadline: Deadline) -> None:
        """Publish a message to its exchange, and return when the server has taken it.

        :raises LinkLost: the connection broke or the server did not answer in time.
        :raises Refused: the server did not take it now.
        :raises PermanentFailure: the server will never take it.
        """
        try:
            self._publish(message, deadline)
        except self._broken as error:
            raise LinkLost(f"could not publish message: {told(error, deadline.seconds)}") from None
        except MessageNacked:
            raise Refused("could not publish message: the messaging server refused it") from None
        except ChannelError as error:
            kind = PermanentFailure if _code(error) in _HOPELESS else Refused
            raise kind(f"could not publish message: {error}") from None

    def ensure_topic_exchange(self, name: str, deadline: Deadline, durable: bool = False) -> None:
        """Create an exchange as topic and not auto-delete, only where none of the name exists (CONTRACT 4.3).

        One that exists is left as it is, and names that belong to the server (``amq.``, the default one) are left
        to it; where there is no AMQP server, as with ``memory://``, ``amq.`` is a name like others. Looks once per
        connection.
        """
        if name in self._exchanges or not name or (self._server_names and name.startswith("amq.")):
            return
        self._bound(deadline)
        if self._asking is None:
            # A channel of its own, because the answer that there is none closes the channel; py-amqp reopens it.
            self._asking = self._channel()
        if not self._exists(name):
            self._bound(deadline)
            self._create(name, durable)
        self._exchanges.add(name)

    def close(self, seconds: float) -> None:
        """Take leave of the server in good order, or without where it does not answer in time."""
        self._bound(Deadline(seconds))
        self._connection.release()

    def discard(self) -> None:
        """Drop the connection without a word to the server."""
        self._bound(Deadline(0))
        self._connection.collect()

    def forget(self) -> None:
        """In a forked child: close the copied descriptor, and let no word of it reach the parent's connection."""
        copied = self._socket()
        if copied is not None:
            os.close(copied.detach())

    def _publish(self, message: AmqpMessage, deadline: Deadline) -> None:
        self.ensure_topic_exchange(message.exchange, deadline)
        try:
            self._put(message, deadline)
        except ChannelError as error:
            if _code(error) != _NOT_FOUND or message.exchange not in self._exchanges:
                raise
            # Deleted after it was looked at.
            self._exchanges.discard(message.exchange)
            self.ensure_topic_exchange(message.exchange, deadline)
            self._put(message, deadline)

    def _put(self, message: AmqpMessage, deadline: Deadline) -> None:
        self._bound(deadline)
        if self._publishing is None:
            self._publishing = self._channel()
        properties = {"message_id": message.message_id, "delivery_mode": message.delivery_mode}
        prepared = self._publishing.prepare_message(
            message.body,
            priority=message.priority,
            content_type=message.content_type,
            content_encoding=message.content_encoding,
            headers=dict(message.headers),
            properties={name: value for name, value in properties.items() if value is not None},
        )
        self._publishing.basic_publish(prepared, exchange=message.exchange, routing_key=message.routing_key)

    def _channel(self) -> Any:
        # Not from kombu's connection, which would quietly connect anew.
        return self._connection.transport.create_channel(self._raw)

    def _exists(self, name: str) -> bool:
        try:
            self._asking.exchange_declare(exchange=name, type="topic", passive=True)
        except ChannelError as error:
            if _code(error) != _NOT_FOUND:
                raise
            return False
        return True

    def _create(self, name: str, durable: bool) -> None:
        try:
            self._asking.exchange_declare(exchange=name, type="topic", durable=durable, auto_delete=False)
        except ChannelError as error:
            if _code(error) != _PRECONDITION_FAILED:
                raise  # else somebody made a different one since we looked, and that one is used as it is

    def _bound(self, deadline: Deadline) -> None:
        # On the socket, because most of py-amqp's waits take no time-out.
        connected = self._socket()
        if connected is not None:
            connected.settimeout(deadline.remaining())

    def _socket(self) -> socket.socket | None:
        # Of a connection that is down, py-amqp's attribute would connect anew.
        found: socket.socket | None = getattr(self._raw, "sock", None) if self._connection.connected else None
        return found


def told(error: BaseException, seconds: float) -> str:
    """Return a connection's error as a text for people.

    :param seconds: the time that the server had.
    """
    if isinstance(error, TimeoutError) and error.errno is None:
        return f"no answer within {round(seconds, 1):g} s"
    return str(error) or type(error).__name__


def _code(error: ChannelError) -> int:
    return int(error.reply_code or 0)  # text in kombu's own transports
