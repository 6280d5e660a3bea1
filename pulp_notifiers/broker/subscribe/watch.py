"""What is published to a topic exchange from now on, through an exclusive queue that ends with the connection."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from kombu.connection import Connection

from ...errors import PermanentFailure
from ..deadline import Deadline
from ..errors import LinkLost
from ..libraries import require_proton
from ..server import Broker
from ..task_message import MessageBody, Unreadable
from ..topic_exchange import ensure_topic_exchange
from .reading_connection import ReadingConnection

if TYPE_CHECKING:
    from .amqp10_watch import Amqp10Watch

_AMQP10_TYPE = "amqp-1.0"
"""How RabbitMQ marks what was published over AMQP 1.0 and is more than bytes: the body is the encoded message."""

_BATCH = 500
_SILENT_SECONDS = 10.0
_ANSWER_SECONDS = 5.0
_QUEUE_LIMIT = {"x-max-length": 100_000}
"""A watcher that is stopped, as by Ctrl-Z, must not fill the server's memory; the oldest messages are dropped first."""


class Watch(ReadingConnection):
    """An open connection that receives messages, for one thread; those published before or after it are missed.

    :param connection: from :meth:`Broker.connect`.
    :param exchange: declared as topic and durable if it is missing; used as it is if it exists.
    :param binding: topic pattern of the routing keys.
    :raises LinkLost: the connection broke.
    :raises PermanentFailure: the server does not permit it.
    """

    def __init__(
        self,
        connection: Connection,
        exchange: str,
        binding: str,
        deadline: Deadline,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(connection)
        self._exchange, self._binding = exchange, binding
        self._what = f"could not listen to {exchange}"
        self._clock = clock
        self._arrived: list[MessageBody] = []
        self._end: LinkLost | PermanentFailure | None = None
        self._last_read_at = clock()
        try:
            with self._failing_as(self._what, deadline):
                self._prepare()
        except BaseException:
            self.discard()
            raise

    @classmethod
    def open(cls, broker: Broker, exchange: str, binding: str, seconds: float = 5.0) -> "Watch | Amqp10Watch":
        """Connect to a messaging server and start to receive, in the protocol that its URL names.

        :raises TemporaryFailure: it cannot be reached.
        :raises PermanentFailure: it does not permit it, or a library that the URL's transport needs is not installed.
        """
        deadline = Deadline(seconds)
        connection = broker.connect(deadline)
        if isinstance(connection, Connection):
            return cls(connection, exchange, binding, deadline)
        from .amqp10_watch import Amqp10Watch  # noqa: PLC0415  its library is an extra

        return Amqp10Watch(connection, exchange, binding, deadline, broker.amqp10_address)

    def receive(self, seconds: float) -> list[MessageBody]:
        """Return the bodies that arrived, at most a few hundred; wait this long for the first one.

        :raises LinkLost: the connection broke.
        """
        if self._end is not None:
            raise self._end
        deadline = Deadline(seconds)
        try:
            with self._failing_as(self._what, Deadline(seconds + _ANSWER_SECONDS)):
                if self._clock() - self._last_read_at > _SILENT_SECONDS:
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

    def _prepare(self) -> None:
        # Two channels, because a refusal closes the channel on which it arrives, and with it the consumer.
        self._declaring_channel: Any = self._new_channel()
        channel = self._new_channel()
        channel.auto_decode = False
        declared = channel.queue_declare(
            queue="", exclusive=True, auto_delete=True, durable=False, arguments=_QUEUE_LIMIT
        )
        self._queue = declared.queue
        self._bind()
        channel.basic_consume(queue=self._queue, no_ack=True, callback=self._on_message, consumer_tag="pulp-notifiers")

    def _bind(self) -> None:
        ensure_topic_exchange(self._declaring_channel, self._exchange, durable=True)
        self._declaring_channel.queue_bind(queue=self._queue, exchange=self._exchange, routing_key=self._binding)

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
