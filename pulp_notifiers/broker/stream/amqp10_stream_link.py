"""An open AMQP 1.0 connection that publishes batches to one exchange; the server answers them later."""

import time
from collections.abc import Callable, Sequence

from ..amqp10 import Amqp10Connection, LinkEnded, MapMessages, SendingLink, target_of
from ..deadline import Deadline
from ..errors import LinkLost
from .confirms import Confirmed, Confirms
from .form import StreamForm, StreamMessage

_TOO_LARGE = "amqp:link:message-size-exceeded"
_BLOCKED_SECONDS = 1.0


class Amqp10StreamLink:
    """An open connection to publish over, for one thread at a time; it is used like a :class:`StreamLink`.

    :param connection: from :meth:`Broker.connect`.
    :param pattern: the setting ``[messaging] amqp10_address``.
    :raises LinkLost: the server refused the exchange, did not answer in time, or the connection broke.
    :ivar blocked: the server takes nothing now: for a second it has allowed no message, or has read nothing. It is
        there all the same: else the connection breaks, because the server owes it empty frames.
    """

    def __init__(
        self,
        connection: Amqp10Connection,
        form: StreamForm,
        pattern: str,
        deadline: Deadline,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._connection = connection
        self._clock = clock
        self._confirms = Confirms()
        self._sent = 0  # the number of the last message
        self._stuck_since: float | None = None
        self._end: LinkEnded | None = None
        self.blocked = False
        target = target_of(form.exchange, connection.properties, pattern)
        self._messages = MapMessages(
            form.exchange, form.content_type, form.content_encoding, form.delivery_mode, form.priority, target
        )
        try:
            self._link = SendingLink(connection, form.exchange, target, durable=True, deadline=deadline)
        except LinkLost as lost:
            connection.discard()
            named = "" if isinstance(lost, LinkEnded) else f"{form.exchange}: "
            raise LinkLost(f"exchange {named}{lost.reason}") from None
        # A server short of memory stops reading for a while; the caller decides when it is treated as lost.
        connection.disable_send_timeout()

    @property
    def unconfirmed(self) -> int:
        """Return how many messages the server has neither taken nor refused."""
        return len(self._confirms)

    @property
    def keep_alive_seconds(self) -> float:
        """Return how long the link may be left alone: then :meth:`read_confirms` sends what the server demands."""
        return self._connection.keep_alive_seconds

    def send(self, messages: Sequence[StreamMessage], deadline: Deadline) -> None:
        """Send messages in this order; from now on they are unconfirmed, even if this fails.

        What the server does not allow or read now is sent by :meth:`read_confirms`. A message above the server's limit
        is refused here.

        :raises LinkLost: the connection broke; some may have arrived.
        """
        self._confirms.sent(messages)
        most = self._link.most_bytes
        for message in messages:
            self._sent += 1
            encoded = self._messages.of(message.routing_key, message.body)
            if most and len(encoded) > most:
                self._confirms.refused(self._sent)
            else:
                self._link.send(self._sent, encoded)
        self._work(0)

    def read_confirms(self, seconds: float) -> Confirmed:
        """Wait until the server sends something, at most this long; return :meth:`take_confirms`.

        :raises LinkLost: the connection broke.
        """
        self._work(seconds)
        return self.take_confirms()

    def take_confirms(self) -> Confirmed:
        """Return the messages that the server took and refused, as far as read, since the last call."""
        return self._confirms.take()

    def unanswered(self) -> list[StreamMessage]:
        """Return the unconfirmed messages in the order sent, to send them again over another connection.

        Those are left out after which the server took a newer message with the same routing key.
        """
        return self._confirms.unanswered()

    def close(self, seconds: float) -> None:
        """Disconnect cleanly, or drop the connection if the server does not answer within this time."""
        self._connection.close(seconds)

    def discard(self) -> None:
        """Drop the connection without notifying the server."""
        self._connection.discard()

    def abandon(self) -> None:
        """In a forked child: leave the connection to the parent."""
        self._connection.abandon()

    def _work(self, seconds: float) -> None:
        if self._end is not None:
            raise self._end
        arrived = True
        try:
            arrived = self._connection.work(seconds)
        finally:
            # Also what arrived before the connection broke; and if nothing came while there was time, what was answered
            # behind a message without an answer, for which SendingLink.answers() looks only then.
            answered = (arrived or seconds > 0) and self._read_answers()
        self._note_progress(answered)
        try:
            self._link.require_open()
        except LinkEnded as end:
            if end.name == _TOO_LARGE and (number := self._link.largest()):
                # Sent again, it would end the next link too.
                self._confirms.refused(number)
            self._end = end
            raise

    def _note_progress(self, answered: bool) -> None:
        now = self._clock()
        if not self._link.waits_for_server and not self._connection.unsent:
            self._stuck_since = None
        elif answered or self._stuck_since is None:
            self._stuck_since = now
        self.blocked = self._stuck_since is not None and now - self._stuck_since >= _BLOCKED_SECONDS

    def _read_answers(self) -> bool:
        answers = self._link.answers()
        for number, refusal in answers:
            if refusal is None:
                self._confirms.taken(number)
            else:
                self._confirms.refused(number)
        return bool(answers)
