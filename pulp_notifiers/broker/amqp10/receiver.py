"""A receiving link: what a server sends from an address, within limits."""

from uuid import uuid4

from proton import Delivery, Endpoint, Link, Receiver, Session, Terminus

from ...errors import PermanentFailure
from ..deadline import Deadline
from ..errors import LinkLost
from .conditions import condition_of, is_ended, link_text, name_of
from .connection import Amqp10Connection
from .received import ReceivedMessage, received_message, too_large
from .sources import Source

_CREDIT = 500
_BATCH, _BATCH_BYTES = 500, 8 * 2**20
_LARGEST_BYTES = 32 * 2**20
_UNREAD_BYTES = 16 * 2**20
"""What the engine holds at most: the server stops when so much was not taken. It leaves room for the whole credit."""

_REFUSAL_SECONDS = 1.0
_NOT_FOUND = "amqp:not-found"
_PASSING = frozenset({"", "amqp:internal-error", "amqp:connection:forced", "amqp:link:detach-forced"})


class ReceivingLink:
    """An open receiving link, for one thread at a time. What it receives is settled at once.

    :param largest_bytes: a message that is larger is replaced by one that says so.
    :raises LinkLost: the connection broke, or the server did not answer in time.
    :raises PermanentFailure: the server refuses until somebody changes something on it.
    """

    def __init__(
        self, connection: Amqp10Connection, source: Source, deadline: Deadline, largest_bytes: int = _LARGEST_BYTES
    ) -> None:
        self._connection = connection
        self._source = source
        self._largest_bytes = largest_bytes
        self._partial = bytearray()
        try:
            self._open(deadline, create=False)
        except _NoNode as missing:
            if source.in_address:
                raise
            # As over AMQP 0-9-1: what exists is used as it is, what is missing is created if the server can do that.
            self._session.close()
            try:
                self._open(deadline, create=True)
            except PermanentFailure:
                raise missing from None
        self._is_filtered = source.is_filtered_by(self._link)
        self._grant()
        connection.work(0)

    def receive(self, seconds: float) -> list[ReceivedMessage]:
        """Return the messages that arrived, at most a few hundred; wait this long for the first one.

        :raises LinkLost: the connection broke, or the server ended the link; what arrived before is returned first.
        """
        deadline = Deadline(seconds)
        messages = self._taken()
        try:
            while not messages:
                self._require_open()
                remaining = deadline.remaining()
                if not self._connection.work(remaining) and not remaining:
                    break
                messages = self._taken()
            while 0 < len(messages) < _BATCH and self._connection.work(0):
                messages += self._taken()
        except LinkLost:
            messages += self._taken()
            if not messages:
                raise
        return messages

    def _open(self, deadline: Deadline, create: bool) -> None:
        self._session: Session = self._connection.session()
        self._session.incoming_capacity = _UNREAD_BYTES
        self._link: Receiver = self._session.receiver(f"pulp-notifiers-{uuid4()}")
        self._link.snd_settle_mode = Link.SND_SETTLED
        self._source.set_on(self._link, create)
        self._link.open()
        self._connection.wait_until(self._is_answered, deadline)
        if self._link.remote_source.type == Terminus.UNSPECIFIED and not self._is_closed():
            # A refusal: an answer without a source, followed by the reason (AMQP 1.0, section 2.6.3).
            self._connection.wait_until(self._is_closed, Deadline(min(_REFUSAL_SECONDS, deadline.remaining())))
        if self._is_closed():
            raise self._refusal()

    def _is_answered(self) -> bool:
        return bool(self._link.state & Endpoint.REMOTE_ACTIVE) or self._is_closed()

    def _is_closed(self) -> bool:
        return is_ended(self._link) or is_ended(self._session)

    def _require_open(self) -> None:
        if self._is_closed():
            raise LinkLost(self._closing_text())

    def _refusal(self) -> LinkLost | PermanentFailure:
        text, name = self._closing_text(), name_of(self._closing_condition())
        if name in _PASSING:
            return LinkLost(text)
        return _NoNode(text) if name == _NOT_FOUND else PermanentFailure(text)

    def _closing_text(self) -> str:
        return link_text(self._closing_condition(), self._source.exchange, "read")

    def _closing_condition(self) -> object:
        # RabbitMQ ends the session.
        return condition_of(self._link) or condition_of(self._session)

    def _taken(self) -> list[ReceivedMessage]:
        """Return complete messages that the engine holds, and let the server send more."""
        messages: list[ReceivedMessage] = []
        size = 0
        while len(messages) < _BATCH and size < _BATCH_BYTES and (delivery := self._link.current) is not None:
            self._read(delivery)
            if delivery.partial and not delivery.aborted:
                break
            if not delivery.aborted:
                message = self._complete()
                if self._is_filtered or self._source.matches(message.subject):
                    messages.append(message)
            size += len(self._partial)
            self._partial.clear()
            self._link.advance()  # first, because settling the current one advances too
            if not delivery.settled:
                delivery.update(Delivery.ACCEPTED)
            delivery.settle()
        self._grant()
        return messages

    def _read(self, delivery: Delivery) -> None:
        # Also of a message that is not complete yet, because the server may wait for room.
        while not delivery.aborted and delivery.pending and (data := self._link.recv(delivery.pending)):
            # One byte more than allowed is kept, to know that it is too large.
            self._partial += data[: max(0, self._largest_bytes + 1 - len(self._partial))]

    def _complete(self) -> ReceivedMessage:
        if len(self._partial) > self._largest_bytes:
            return too_large(self._largest_bytes)
        return received_message(bytes(self._partial))

    def _grant(self) -> None:
        if self._link.credit <= _CREDIT // 2:
            self._link.flow(_CREDIT - self._link.credit)


class _NoNode(PermanentFailure):
    """The server knows no exchange or queue of this name."""
