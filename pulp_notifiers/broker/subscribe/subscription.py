"""A durable queue on a topic exchange, read in batches that are acknowledged by hand."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from amqp.exceptions import ConsumerCancelled
from kombu.connection import Connection
from kombu.exceptions import ChannelError, OperationalError

from ...errors import PermanentFailure
from ..amqp_connection import AmqpConnection
from ..deadline import Deadline, told
from ..own_messages import bind_without, heeds_marks
from ..publish.publish_link import LinkLost

_NOT_FOUND, _ACCESS_REFUSED, _PRECONDITION_FAILED = 404, 403, 406
_REMEDIES = {
    _ACCESS_REFUSED: "; permit this user to configure, write and read what is named",
    _PRECONDITION_FAILED: "; delete what is named, and it is declared anew",
}
"""Answers that stay the same until somebody does something on the server."""

_BATCH_BYTES = 8 * 2**20
_UNUSED_MILLISECONDS = 30 * 24 * 3600 * 1000


@dataclass(frozen=True, slots=True)
class SubscriptionForm:
    """What is read, and how much of it at a time.

    :ivar exchange: declared as topic, durable and not auto-delete where it is missing; else left as it is.
    :ivar binding: topic pattern of the routing keys.
    :ivar queue: durable; on RabbitMQ it is deleted when nobody has read it for 30 days.
    :ivar prefetch: how many messages the server sends ahead of their acknowledgement.
    :ivar without: the mark of messages that are not wanted, see :func:`own_mark`; heeded on RabbitMQ only.
    """

    exchange: str
    binding: str
    queue: str
    prefetch: int
    without: str | None = None


@dataclass(frozen=True, slots=True)
class Received:
    """A message as it came in.

    :ivar tag: names it to :meth:`Subscription.acknowledge`.
    """

    tag: int
    routing_key: str
    body: bytes
    content_type: str | None


class Subscription:
    """A connection to read over, for one thread at a time.

    :param connection: from :meth:`Broker.connect`, with heartbeats, so that the server notices when we are gone.
    :raises LinkLost: the connection broke, or the server did not answer in time.
    :raises PermanentFailure: the server refuses, or it does not speak AMQP 0-9-1.
    :ivar marks_heeded: whether the server keeps messages that bear the unwanted mark away.
    """

    def __init__(self, connection: Connection, form: SubscriptionForm, deadline: Deadline) -> None:
        self._connection = connection
        self._form = form
        self._wire = amqp_wire(connection)
        self._broken = (*connection.connection_errors, OperationalError)
        self._arrived: list[Received] = []
        self._arrived_bytes = 0
        self.marks_heeded = heeds_marks(self._wire.server_properties)
        try:
            with self._translated(deadline):
                # A channel of its own to ask on, because a refusal closes the channel, and with it the consumer.
                self._asking: Any = connection.transport.create_channel(self._wire)
                self._declare()
                self._consume()
        except BaseException:
            self.discard()
            raise

    def receive(self, seconds: float) -> list[Received]:
        """Return what is there, or, when that is nothing, what comes first within this time; oldest first.

        At most as many as are prefetched, and not many more than 8 MB.

        :raises LinkLost: the connection broke, or the queue was deleted.
        """
        deadline = Deadline(seconds)
        with self._translated(Deadline(seconds + 1)):
            while not self._arrived and self._hear(deadline.remaining()):
                pass
            while self._has_room() and self._hear(0):
                pass
        arrived, self._arrived = self._arrived, []
        self._arrived_bytes = 0
        return arrived

    def acknowledge(self, last: Received, deadline: Deadline) -> None:
        """Let the server forget this message and all before it; without that they come again.

        :raises LinkLost: the connection broke.
        """
        with self._translated(deadline):
            self._channel.basic_ack(last.tag, multiple=True)

    def look(self, deadline: Deadline) -> int:
        """Mend exchange and bindings where somebody deleted them, and return how many messages wait on the server.

        That the server answers says also that it is alive, and to it that we are.

        :raises LinkLost: the connection broke, or the server did not answer in time.
        :raises PermanentFailure: the server refuses.
        """
        with self._translated(deadline):
            return self._declare()

    def close(self, seconds: float) -> None:
        """Take leave of the server in good order, or without where it does not answer in time."""
        self._wire.keep_to(Deadline(seconds))
        self._connection.release()

    def discard(self) -> None:
        """Drop the connection without a word to the server."""
        self._wire.keep_to(Deadline(0))
        self._connection.collect()

    @contextmanager
    def _translated(self, deadline: Deadline) -> Iterator[None]:
        with amqp_errors(f"could not subscribe to {self._form.exchange}", self._broken, deadline):
            self._wire.keep_to(deadline)
            yield

    def _declare(self) -> int:
        form, channel = self._form, self._asking
        if not exchange_exists(channel, form.exchange):
            channel.exchange_declare(exchange=form.exchange, type="topic", durable=True, auto_delete=False)
        expiry = {"x-expires": _UNUSED_MILLISECONDS} if self.marks_heeded else {}
        declared = channel.queue_declare(queue=form.queue, durable=True, auto_delete=False, arguments=expiry)
        if form.without is not None and self.marks_heeded:
            bind_without(channel, form.queue, form.exchange, form.binding, form.without)
        else:
            channel.queue_bind(queue=form.queue, exchange=form.exchange, routing_key=form.binding)
        return int(declared.message_count)

    def _consume(self) -> None:
        self._channel: Any = self._connection.transport.create_channel(self._wire)
        self._channel.auto_decode = False
        self._channel.basic_qos(prefetch_size=0, prefetch_count=self._form.prefetch, a_global=False)
        self._channel.basic_consume(queue=self._form.queue, callback=self._take_in)

    def _take_in(self, message: Any) -> None:
        body = bytes(message.body or b"")  # of an empty one py-amqp makes text
        delivery = message.delivery_info
        content_type = message.properties.get("content_type")
        self._arrived.append(Received(delivery["delivery_tag"], delivery["routing_key"], body, content_type))
        self._arrived_bytes += len(body)

    def _has_room(self) -> bool:
        return bool(self._arrived) and len(self._arrived) < self._form.prefetch and self._arrived_bytes < _BATCH_BYTES

    def _hear(self, seconds: float) -> bool:
        try:
            self._wire.blocking_read(seconds)
        except TimeoutError:
            return False
        return True


def amqp_wire(connection: Connection) -> AmqpConnection:
    """Return what is behind kombu's connection.

    :raises PermanentFailure: it does not speak AMQP 0-9-1.
    """
    wire = connection.connection
    if not isinstance(wire, AmqpConnection):
        connection.release()
        raise PermanentFailure("could not subscribe: the messaging server must speak AMQP 0-9-1")
    return wire


@contextmanager
def amqp_errors(what: str, broken: tuple[type[BaseException], ...], deadline: Deadline) -> Iterator[None]:
    """Make the product's errors of a connection's.

    :param what: failed, for people.
    :param broken: errors after which the connection is of no more use.
    """
    try:
        yield
    except ConsumerCancelled:
        raise LinkLost(f"{what}: the queue was deleted, or the server that held it is gone") from None
    except broken as error:
        raise LinkLost(f"{what}: {told(error, deadline.seconds)}") from None
    except ChannelError as error:
        remedy = _REMEDIES.get(int(error.reply_code or 0))
        if remedy is None:
            raise LinkLost(f"{what}: {error}") from None
        raise PermanentFailure(f"{what}: {error}{remedy}") from None


def exchange_exists(channel: Any, name: str) -> bool:
    """Tell whether there is an exchange of this name, of whatever type."""
    try:
        channel.exchange_declare(exchange=name, type="topic", passive=True)
    except ChannelError as error:
        if int(error.reply_code or 0) != _NOT_FOUND:
            raise
        return False
    return True
