"""An open connection to publish over: exchanges, and messages that the server confirms."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from amqp.exceptions import MessageNacked
from kombu.connection import Connection
from kombu.exceptions import ChannelError, OperationalError

from ...errors import PermanentFailure, TemporaryFailure
from ..amqp_connection import AmqpConnection
from ..deadline import Deadline, told

_NOT_FOUND, _PRECONDITION_FAILED = 404, 406
_HOPELESS = frozenset({311, _NOT_FOUND, _PRECONDITION_FAILED})
"""Answers to one message or declaration that would be the same next time (AMQP 0-9-1, section 1.2).

Not 403, ACCESS_REFUSED: an administrator can permit it on the server.
"""


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


class Link:
    """An open connection to publish over, for one thread at a time.

    :param connection: from :meth:`Broker.connect`.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._raw = connection.connection
        self._wire = self._raw if isinstance(self._raw, AmqpConnection) else None
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
        self._keep_to(deadline)
        try:
            self._publish(message)
        except self._broken as error:
            raise LinkLost(f"could not publish message: {told(error, deadline.seconds)}") from None
        except MessageNacked:
            raise Refused("could not publish message: the messaging server refused it") from None
        except ChannelError as error:
            kind = PermanentFailure if _code(error) in _HOPELESS else Refused
            raise kind(f"could not publish message: {error}") from None

    def ensure_topic_exchange(self, name: str, durable: bool = False) -> None:
        """Create an exchange as topic and not auto-delete, only where none of the name exists (CONTRACT 4.3).

        One that exists is left as it is, and names that belong to the server (``amq.``, the default one) are left
        to it; where there is no AMQP server, as with ``memory://``, ``amq.`` is a name like others. Looks once per
        connection.
        """
        if name in self._exchanges or not name or (self._wire is not None and name.startswith("amq.")):
            return
        if self._asking is None:
            # A channel of its own, because the answer that there is none closes the channel; py-amqp reopens it.
            self._asking = self._channel()
        if not self._exists(name):
            self._create(name, durable)
        self._exchanges.add(name)

    def close(self, seconds: float) -> None:
        """Take leave of the server in good order, or without where it does not answer in time."""
        self._keep_to(Deadline(seconds))
        self._connection.release()

    def discard(self) -> None:
        """Drop the connection without a word to the server."""
        self._keep_to(Deadline(0))
        self._connection.collect()

    def abandon(self) -> None:
        """In a forked child: leave the connection to the parent."""
        if self._wire is not None:
            self._wire.abandon()

    def _publish(self, message: AmqpMessage) -> None:
        self.ensure_topic_exchange(message.exchange)
        try:
            self._put(message)
        except ChannelError as error:
            if _code(error) != _NOT_FOUND or message.exchange not in self._exchanges:
                raise
            # Deleted after it was looked at.
            self._exchanges.discard(message.exchange)
            self.ensure_topic_exchange(message.exchange)
            self._put(message)

    def _put(self, message: AmqpMessage) -> None:
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
        except ChannelError:
            return False  # and if there was another reason, the server will say it of the declaration too
        return True

    def _create(self, name: str, durable: bool) -> None:
        try:
            self._asking.exchange_declare(exchange=name, type="topic", durable=durable, auto_delete=False)
        except ChannelError as error:
            if _code(error) != _PRECONDITION_FAILED:
                raise  # else somebody made a different one since we looked, and that one is used as it is

    def _keep_to(self, deadline: Deadline) -> None:
        if self._wire is not None:
            self._wire.keep_to(deadline)


def _code(error: ChannelError) -> int:
    return int(error.reply_code or 0)  # text in kombu's own transports
