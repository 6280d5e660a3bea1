"""An open connection that publishes in batches to one topic exchange, and hears later what the server took."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from kombu.connection import Connection
from kombu.exceptions import ChannelError, OperationalError

from ...errors import TemporaryFailure
from ..amqp_connection import AmqpConnection
from ..connection import Broker
from ..deadline import Deadline, told
from ..own_messages import heeds_marks, marked
from ..publish.publish_link import LinkLost
from .confirms import Confirms
from .message_frames import MessageFrames


@dataclass(frozen=True, slots=True)
class StreamForm:
    """What all messages of a stream have in common.

    :ivar exchange: declared once per connection, as topic, durable and not auto-delete.
    :ivar delivery_mode: 2 for messages that survive a restart of the server.
    :ivar mark: tells subscriptions that are without it, see :func:`own_mark`, to leave the messages out; only where the
        server takes it out of them before anybody gets them.
    """

    exchange: str
    content_type: str
    content_encoding: str
    delivery_mode: int
    priority: int
    mark: str | None = None


class StreamLink:
    """A connection to publish over, for one thread at a time.

    :param connection: from :meth:`Broker.connect`.
    :ivar blocked: the server said that it takes nothing now, for want of memory or disk space.
    """

    def __init__(self, connection: Connection, form: StreamForm, deadline: Deadline) -> None:
        self._connection = connection
        self._form = form
        self._raw = connection.connection
        self._wire = self._raw if isinstance(self._raw, AmqpConnection) else None
        self._broken = (*connection.connection_errors, OperationalError, ChannelError)
        self._confirms = Confirms()
        self._taken = self._refused = self._tag = 0
        self.blocked = False
        if self._wire is not None:
            self._wire.on_blocked = self._note_blocked
            self._wire.on_unblocked = self._note_unblocked
        try:
            self._prepare(deadline)
        except self._broken as error:
            self.discard()
            raise LinkLost(f"exchange {form.exchange}: {told(error, deadline.seconds)}") from None

    @property
    def unanswered(self) -> int:
        """Return how many messages the server has neither taken nor refused."""
        return len(self._confirms)

    def send(self, messages: Iterable[tuple[str, bytes]], deadline: Deadline) -> None:
        """Send messages, each a routing key and a body, in this order; what becomes of them, :meth:`hear` tells.

        :raises LinkLost: the connection broke; some may have arrived.
        """
        messages = list(messages)
        self._confirms.sent(len(messages))
        try:
            if self._wire is None:
                self._put(messages)
            else:
                self._wire.keep_to(deadline)
                self._wire.transport.write(b"".join(b"".join(self._frames.of(*message)) for message in messages))
        except self._broken as error:
            raise LinkLost(told(error, deadline.seconds)) from None

    def hear(self, seconds: float) -> tuple[int, int]:
        """Wait until the server says something, or not longer than this; return how many it took and refused.

        :raises LinkLost: the connection broke.
        """
        if self._wire is not None:
            self._wire.keep_to(Deadline(seconds + 1))
            try:
                self._wire.blocking_read(seconds)
            except self._broken as error:
                if isinstance(error, TimeoutError) and error.errno is None:  # else it is the kernel that gave up
                    return self.heard()
                raise LinkLost(told(error, seconds)) from None
        return self.heard()

    def heard(self) -> tuple[int, int]:
        """Return how many messages the server took and refused, as far as it was heard, since the last time."""
        heard = self._taken, self._refused
        self._taken = self._refused = 0
        return heard

    def close(self, seconds: float) -> None:
        """Take leave of the server in good order, or without where it does not answer in time."""
        if self._wire is not None:
            self._wire.keep_to(Deadline(seconds))
        self._connection.release()

    def discard(self) -> None:
        """Drop the connection without a word to the server."""
        if self._wire is not None:
            self._wire.keep_to(Deadline(0))
        self._connection.collect()

    def abandon(self) -> None:
        """In a forked child: leave the connection to the parent."""
        if self._wire is not None:
            self._wire.abandon()

    def _prepare(self, deadline: Deadline) -> None:
        if self._wire is not None:
            self._wire.keep_to(deadline)
        # Not from kombu's connection, which would quietly connect anew.
        self._channel: Any = self._connection.transport.create_channel(self._raw)
        exchange = self._form.exchange
        self._channel.exchange_declare(exchange=exchange, type="topic", durable=True, auto_delete=False)
        if self._wire is not None:
            # A server short of memory reads nothing for as long as it is; whether it is gone, the caller decides.
            self._wire.bear_silence()
            self._channel.confirm_select()
            self._channel.events["basic_ack"].add(self._note_taken)
            self._channel.events["basic_nack"].add(self._note_refused)
            properties = self._prepared(b"")._serialize_properties()
            self._frames = MessageFrames(self._channel.channel_id, self._wire.frame_max, exchange, properties)

    def _put(self, messages: list[tuple[str, bytes]]) -> None:
        # kombu's other transports confirm nothing; what they accept counts as taken.
        for routing_key, body in messages:
            self._channel.basic_publish(self._prepared(body), exchange=self._form.exchange, routing_key=routing_key)
            self._tag += 1
            self._note_taken(self._tag, multiple=False)

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
        if mark is None or self._wire is None or not heeds_marks(self._wire.server_properties):
            return {}
        return marked(mark)

    def _note_taken(self, tag: int, multiple: bool) -> None:
        self._taken += self._confirms.answered(tag, multiple)

    def _note_refused(self, tag: int, multiple: bool) -> None:
        self._refused += self._confirms.answered(tag, multiple)

    def _note_blocked(self, _reason: str) -> None:
        self.blocked = True

    def _note_unblocked(self) -> None:
        self.blocked = False


class StreamOpener:
    """Opens connections to a messaging server, or to one of several.

    :param seconds: for one server to be ready.
    """

    def __init__(self, broker: Broker, form: StreamForm, seconds: float = 5.0) -> None:
        self._broker = broker
        self._form = form
        self._seconds = seconds
        self._next = 0
        self.choices = len(broker.urls)

    def __call__(self) -> StreamLink:
        """Return a connection to the next server that is ready, beginning behind the one of the last time.

        :raises TemporaryFailure: none is.
        :raises PermanentFailure: a library that a URL's transport needs is not installed.
        """
        problems = []
        for _ in range(self.choices):
            broker = replace(self._broker, urls=[self._broker.urls[self._next]])
            self._next = (self._next + 1) % self.choices
            deadline = Deadline(self._seconds)
            try:
                return StreamLink(broker.connect(deadline), self._form, deadline)
            except TemporaryFailure as problem:
                problems.append(problem.reason)
        raise TemporaryFailure("; ".join(problems))
