"""An open connection that publishes batches to one topic exchange; the server confirms them later."""

import math
from collections.abc import Sequence
from typing import Any

from kombu.connection import Connection
from kombu.exceptions import ChannelError

from ..deadline import Deadline
from ..errors import (
    CONTENT_TOO_LARGE,
    PRECONDITION_FAILED,
    LinkLost,
    MessageUnacceptable,
    connection_error_text,
    reply_code,
)
from ..open_connection import OpenConnection
from ..own_messages import mark_headers, supports_marks
from .confirms import Confirmed, Confirms
from .form import StreamForm, StreamMessage
from .message_frames import MessageFrames


class StreamLink(OpenConnection):
    """An open connection to publish over, for one thread at a time.

    :param connection: from :meth:`Broker.connect`.
    :raises LinkLost: the server refused the exchange, did not answer in time, or the connection broke.
    :ivar blocked: the server announced that it takes nothing now, because it is short of memory or disk space.
    """

    def __init__(self, connection: Connection, form: StreamForm, deadline: Deadline) -> None:
        super().__init__(connection)
        self._form = form
        # A refusal is fatal here: without its exchange the connection is of no use.
        self._fatal_errors = (*self._fatal_errors, ChannelError)
        self._confirms = Confirms()
        self._last_tag = 0
        self.blocked = False
        if self._amqp is not None:
            self._amqp.on_blocked = self._on_blocked
            self._amqp.on_unblocked = self._on_unblocked
        try:
            self._prepare(deadline)
        except self._fatal_errors as error:
            self.discard()
            reason = connection_error_text(error, deadline.seconds)
            raise LinkLost(f"exchange {form.exchange}: {reason}") from None

    @property
    def unconfirmed(self) -> int:
        """Return how many messages the server has neither taken nor refused."""
        return len(self._confirms)

    @property
    def keep_alive_seconds(self) -> float:
        """Return how long the link may be left alone: for ever, because it has no heartbeat."""
        return math.inf

    def send(self, messages: Sequence[StreamMessage], deadline: Deadline) -> None:
        """Send messages in this order; from now on they are unconfirmed, even if this fails.

        Whether the server takes them is known later, see :meth:`read_confirms`.

        :raises LinkLost: the connection broke; some may have arrived.
        """
        self._confirms.sent(messages)
        try:
            if self._amqp is None:
                self._publish_each(messages)
            else:
                self._amqp.keep_to(deadline)
                frames = self._frames
                self._amqp.transport.write(b"".join(b"".join(frames.of(m.routing_key, m.body)) for m in messages))
        except self._fatal_errors as error:
            raise _lost(error, deadline.seconds) from None

    def read_confirms(self, seconds: float) -> Confirmed:
        """Wait until the server sends something, at most this long; return :meth:`take_confirms`.

        :raises MessageUnacceptable: the server closed the connection because of one of the unconfirmed messages.
        :raises LinkLost: the connection broke.
        """
        if self._amqp is not None:
            self._amqp.keep_to(Deadline(seconds + 1))
            try:
                self._read(seconds)
            except self._fatal_errors as error:
                raise _lost(error, seconds) from None
        return self.take_confirms()

    def take_confirms(self) -> Confirmed:
        """Return the messages that the server took and refused, as far as read, since the last call."""
        return self._confirms.take()

    def unanswered(self) -> list[StreamMessage]:
        """Return the unconfirmed messages in the order sent, to send them again over another connection.

        Those are left out after which the server took a newer message with the same routing key.
        """
        return self._confirms.unanswered()

    def _prepare(self, deadline: Deadline) -> None:
        self._keep_to(deadline)
        self._channel: Any = self._new_channel()
        exchange = self._form.exchange
        self._channel.exchange_declare(exchange=exchange, type="topic", durable=True, auto_delete=False)
        if self._amqp is not None:
            # A server short of memory stops reading for a while; the caller decides when it is treated as lost.
            self._amqp.disable_send_timeout()
            self._channel.confirm_select()
            self._channel.events["basic_ack"].add(self._on_ack)
            self._channel.events["basic_nack"].add(self._on_nack)
            properties = self._prepared(b"")._serialize_properties()
            self._frames = MessageFrames(self._channel.channel_id, self._amqp.frame_max, exchange, properties)

    def _publish_each(self, messages: Sequence[StreamMessage]) -> None:
        # kombu's other transports confirm nothing; what they accept counts as taken.
        for message in messages:
            self._channel.basic_publish(
                self._prepared(message.body), exchange=self._form.exchange, routing_key=message.routing_key
            )
            self._last_tag += 1
            self._on_ack(self._last_tag, multiple=False)

    def _prepared(self, body: bytes) -> Any:
        form = self._form
        return self._channel.prepare_message(
            body,
            priority=form.priority,
            content_type=form.content_type,
            content_encoding=form.content_encoding,
            headers=self._headers(),
            properties={"delivery_mode": form.delivery_mode},
        )

    def _headers(self) -> dict[str, Any]:
        mark = self._form.mark
        if mark is None or self._amqp is None or not supports_marks(self._amqp.server_properties):
            return {}
        return mark_headers(mark)

    def _on_ack(self, tag: int, multiple: bool) -> None:
        self._confirms.taken(tag, multiple)

    def _on_nack(self, tag: int, multiple: bool) -> None:
        self._confirms.refused(tag, multiple)

    def _on_blocked(self, _reason: str) -> None:
        self.blocked = True

    def _on_unblocked(self) -> None:
        self.blocked = False


def _lost(error: BaseException, seconds: float) -> LinkLost:
    text = connection_error_text(error, seconds)
    # RabbitMQ closes the channel so if a message is larger than its max_message_size.
    if isinstance(error, ChannelError) and reply_code(error) in (PRECONDITION_FAILED, CONTENT_TOO_LARGE):
        return MessageUnacceptable(text)
    return LinkLost(text)
