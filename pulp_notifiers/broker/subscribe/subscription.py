"""A durable queue on a topic exchange, read in batches that are acknowledged."""

from typing import Any

from kombu.connection import Connection

from ..deadline import Deadline
from ..own_messages import bind_without, supports_marks
from ..topic_exchange import ensure_topic_exchange
from .form import Received, SubscriptionForm
from .reading_connection import ReadingConnection

_BATCH_BYTES = 8 * 2**20
_UNUSED_MILLISECONDS = 30 * 24 * 3600 * 1000


class Subscription(ReadingConnection):
    """An open connection that reads a queue, for one thread at a time.

    :param connection: from :meth:`Broker.connect`, with heartbeats, so that the server notices when this end is gone.
    :raises LinkLost: the connection broke, or the server did not answer in time.
    :raises PermanentFailure: the server refuses, or it does not speak AMQP 0-9-1.
    :ivar supports_marks: whether the server can leave out messages with a mark.
    """

    def __init__(self, connection: Connection, form: SubscriptionForm, deadline: Deadline) -> None:
        super().__init__(connection)
        self._form = form
        self._what = f"could not subscribe to {form.exchange}"
        self._arrived: list[Received] = []
        self._arrived_bytes = 0
        self.supports_marks = supports_marks(self._require_amqp().server_properties)
        try:
            with self._failing_as(self._what, deadline):
                # Two channels, because a refusal closes the channel on which it arrives, and with it the consumer.
                self._declaring_channel: Any = self._new_channel()
                self._declare()
                self._consume()
        except BaseException:
            self.discard()
            raise

    def receive(self, seconds: float) -> list[Received]:
        """Return the messages that have arrived, oldest first; if there are none, wait this long for the first.

        At most as many as are prefetched, and not many more than 8 MB.

        :raises LinkLost: the connection broke, or the queue was deleted.
        """
        deadline = Deadline(seconds)
        with self._failing_as(self._what, Deadline(seconds + 1)):
            while not self._arrived and self._read(deadline.remaining()):
                pass
            while self._has_room() and self._read(0):
                pass
        arrived, self._arrived = self._arrived, []
        self._arrived_bytes = 0
        return arrived

    def acknowledge(self, last: Received, deadline: Deadline) -> None:
        """Have the server forget this message and all before it; otherwise they are delivered again.

        :raises LinkLost: the connection broke.
        """
        with self._failing_as(self._what, deadline):
            self._consuming_channel.basic_ack(last.tag, multiple=True)

    def look(self, deadline: Deadline) -> int:
        """Declare exchange and bindings again in case they were deleted; return how many messages wait on the server.

        The answer also shows that the server is alive, and the question shows the server that this end is.

        :raises LinkLost: the connection broke, or the server did not answer in time.
        :raises PermanentFailure: the server refuses.
        """
        with self._failing_as(self._what, deadline):
            return self._declare()

    def _declare(self) -> int:
        form, channel = self._form, self._declaring_channel
        ensure_topic_exchange(channel, form.exchange, durable=True)
        expiry = {"x-expires": _UNUSED_MILLISECONDS} if self.supports_marks else {}
        declared = channel.queue_declare(queue=form.queue, durable=True, auto_delete=False, arguments=expiry)
        if form.without is not None and self.supports_marks:
            bind_without(channel, form.queue, form.exchange, form.binding, form.without)
        else:
            channel.queue_bind(queue=form.queue, exchange=form.exchange, routing_key=form.binding)
        return int(declared.message_count)

    def _consume(self) -> None:
        self._consuming_channel: Any = self._new_channel()
        self._consuming_channel.auto_decode = False
        self._consuming_channel.basic_qos(prefetch_size=0, prefetch_count=self._form.prefetch, a_global=False)
        self._consuming_channel.basic_consume(queue=self._form.queue, callback=self._on_message)

    def _on_message(self, message: Any) -> None:
        body = bytes(message.body or b"")  # py-amqp turns an empty one into text
        delivery = message.delivery_info
        content_type = message.properties.get("content_type")
        self._arrived.append(Received(delivery["delivery_tag"], delivery["routing_key"], body, content_type))
        self._arrived_bytes += len(body)

    def _has_room(self) -> bool:
        return bool(self._arrived) and len(self._arrived) < self._form.prefetch and self._arrived_bytes < _BATCH_BYTES
