"""What is published to a topic exchange from now on, over AMQP 0-9-1."""

import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from kombu.connection import Connection
from kombu.exceptions import ChannelError

from ...errors import PermanentFailure, TemporaryFailure
from ..deadline import Deadline
from ..errors import LinkLost
from ..libraries import require_proton
from ..own_messages import supports_marks
from ..server import Broker
from ..task_message import MessageBody, Unreadable
from ..topic_exchange import ensure_topic_exchange
from .form import QUEUE_LIMIT
from .kept_queue import CONSUMER_TAG, KeptQueue
from .reading_connection import ReadingConnection

if TYPE_CHECKING:
    from .amqp10_watch import Amqp10Watch

_AMQP10_TYPE = "amqp-1.0"
"""How RabbitMQ marks what was published over AMQP 1.0 and is more than bytes: the body is the encoded message."""

_BATCH = 500
_SILENT_SECONDS = 10.0
_ANSWER_SECONDS = 5.0
_PREFETCH = 2 * _BATCH
"""One batch to read, while another waits to be acknowledged."""

_HEARTBEAT_SECONDS = 30
"""RabbitMQ drops a connection from which it hears nothing for two to three times as long, and then gives its queue to
the next one."""


class Watch(ReadingConnection):
    """An open connection that receives messages, for one thread; those published before it are missed.

    :param connection: from :meth:`Broker.connect`.
    :param exchange: declared as topic and durable if it is missing; used as it is if it exists.
    :param binding: topic pattern of the routing keys.
    :param kept: the queue to read, also over the next connection; without one, and on servers other than RabbitMQ, the
        queue ends with the connection.
    :raises LinkLost: the connection broke.
    :raises PermanentFailure: the server does not permit it.
    :ivar resumed: whether the messages follow those of the last connection without a gap.
    """

    def __init__(
        self,
        connection: Connection,
        exchange: str,
        binding: str,
        deadline: Deadline,
        clock: Callable[[], float] = time.monotonic,
        kept: KeptQueue | None = None,
    ) -> None:
        super().__init__(connection)
        self._exchange, self._binding = exchange, binding
        self._what = f"could not listen to {exchange}"
        self._clock = clock
        self._kept = kept if self._amqp is not None and supports_marks(self._amqp.server_properties) else None
        self._arrived: list[MessageBody] = []
        self._last_tag = self._acknowledged_tag = 0
        self._end: LinkLost | PermanentFailure | None = None
        self._last_read_at = clock()
        # A server that sends heartbeats is never silent, and must hear from this end too.
        self._silent_seconds = min(_SILENT_SECONDS, getattr(self._raw, "heartbeat", 0) / 3 or _SILENT_SECONDS)
        self.resumed = False
        try:
            with self._failing_as(self._what, deadline):
                self._prepare()
        except PermanentFailure:
            if self._kept is not None and self._kept.is_new:
                self._delete_kept(deadline.remaining())
            self.discard()
            raise
        except BaseException:
            self.discard()
            raise

    @classmethod
    def open(
        cls, broker: Broker, exchange: str, binding: str, seconds: float = 5.0, kept: KeptQueue | None = None
    ) -> "Watch | Amqp10Watch":
        """Connect to a messaging server and start to receive, in the protocol that its URL names.

        :raises TemporaryFailure: it cannot be reached.
        :raises PermanentFailure: it does not permit it, or a library that the URL's transport needs is not installed.
        """
        deadline = Deadline(seconds)
        connection = broker.connect(deadline, 0 if kept is None else _HEARTBEAT_SECONDS)
        if isinstance(connection, Connection):
            return cls(connection, exchange, binding, deadline, kept=kept)
        from .amqp10_watch import Amqp10Watch  # noqa: PLC0415  its library is an extra

        return Amqp10Watch(connection, exchange, binding, deadline, broker.amqp10_address)

    def receive(self, seconds: float) -> list[MessageBody]:
        """Return the bodies that arrived, at most a few hundred; wait this long for the first one.

        Those of the last call are acknowledged; until then a queue that is kept holds them.

        :raises LinkLost: the connection broke.
        """
        if self._end is not None:
            raise self._end
        deadline = Deadline(seconds)
        try:
            with self._failing_as(self._what, Deadline(seconds + _ANSWER_SECONDS)):
                self._acknowledge()
                if self._clock() - self._last_read_at > self._silent_seconds:
                    self._require_answer()
                while not self._arrived and self._read(deadline.remaining()):
                    pass
                while 0 < len(self._arrived) < _BATCH and self._read(0):
                    pass
        except (LinkLost, PermanentFailure) as end:
            # Messages that arrived before it are returned first.
            self._end = end
            if not self._arrived:
                raise
        arrived, self._arrived = self._arrived, []
        return arrived

    def close(self, seconds: float) -> None:
        """Delete the queue and disconnect cleanly, or drop the connection if the server does not answer in time."""
        deadline = Deadline(seconds)
        self._delete_kept(seconds)
        super().close(deadline.remaining())

    def _prepare(self) -> None:
        # Two channels, because a refusal closes the channel on which it arrives, and with it the consumer.
        self._declaring_channel: Any = self._new_channel()
        self._consuming_channel: Any = self._new_channel()
        self._consuming_channel.auto_decode = False
        if self._kept is not None and not self._open_kept(self._kept):
            self._kept = None
        if self._kept is not None:
            self._queue = self._kept.name
            self._bind()
            self.resumed = not self._kept.is_new
            self._kept.consume(self._consuming_channel, _PREFETCH, self._on_kept_message)
            return
        declared = self._consuming_channel.queue_declare(
            queue="", exclusive=True, auto_delete=True, durable=False, arguments=QUEUE_LIMIT
        )
        self._queue = declared.queue
        self._bind()
        self._consuming_channel.basic_consume(
            queue=self._queue, no_ack=True, callback=self._on_message, consumer_tag=CONSUMER_TAG
        )

    def _open_kept(self, kept: KeptQueue) -> bool:
        """Return False if the server refuses such a queue; it may permit one that ends with the connection."""
        try:
            kept.open(self._declaring_channel)
        except ChannelError:
            return False
        return True

    def _bind(self) -> None:
        ensure_topic_exchange(self._declaring_channel, self._exchange, durable=True)
        self._declaring_channel.queue_bind(queue=self._queue, exchange=self._exchange, routing_key=self._binding)

    def _delete_kept(self, seconds: float) -> None:
        if self._kept is not None and self._kept.name:
            with suppress(TemporaryFailure, PermanentFailure), self._failing_as(self._what, Deadline(seconds)):
                # Else the server reports the end of the consumer, which py-amqp takes for an error while it closes.
                self._consuming_channel.basic_cancel(CONSUMER_TAG)
                self._kept.delete(self._declaring_channel)

    def _on_kept_message(self, message: Any) -> None:
        self._last_tag = message.delivery_info["delivery_tag"]
        body = bytes(message.body or b"")  # py-amqp turns an empty one into text
        if self._kept is None or not self._kept.is_repeated(message.delivery_info["routing_key"], body):
            self._on_message(message)

    def _acknowledge(self) -> None:
        if self._last_tag != self._acknowledged_tag:
            self._consuming_channel.basic_ack(self._last_tag, multiple=True)
            self._acknowledged_tag = self._last_tag

    def _on_message(self, message: Any) -> None:
        encoded = message.properties.get("type") == _AMQP10_TYPE
        self._arrived.append(_amqp10_body(message.body) if encoded else message.body)

    def _read(self, seconds: float) -> bool:
        arrived = super()._read(seconds)
        if arrived:
            self._last_read_at = self._clock()
        return arrived

    def _require_answer(self) -> None:
        # Nothing else is ever sent to the server, so only a question shows that it froze or lost power, or that
        # somebody deleted the exchange, and with it the binding.
        self._last_read_at = self._clock()
        if self._amqp is not None:
            self._amqp.keep_to(Deadline(_ANSWER_SECONDS))
            self._bind()


def _amqp10_body(encoded: Any) -> MessageBody:
    try:
        require_proton()
    except ImportError as error:
        return Unreadable(f"The message was published over AMQP 1.0: {error}.")
    from ..amqp10 import received_message  # noqa: PLC0415  its library is an extra

    return received_message(bytes(encoded or b"")).body
