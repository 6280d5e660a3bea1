"""An open AMQP 1.0 connection that publishes messages and waits for the answer to each."""

from itertools import count

from ...errors import PermanentFailure
from ..amqp10 import Amqp10Connection, LinkEnded, Refusal, SendingLink, Target, encoded_data, target_of
from ..deadline import Deadline
from ..errors import LinkLost, Refused, connection_error_text
from .message import AmqpMessage

_MOST_LINKS = 32
_MOST_OPENED = 200
"""Links on one connection, open and ended ones: the engine keeps a little of each."""

_HOPELESS = frozenset(
    {
        "amqp:link:message-size-exceeded",
        "amqp:not-implemented",
        "amqp:invalid-field",
        "amqp:decode-error",
    }
)
"""Errors that the same message would meet again (AMQP 1.0, section 2.8.15 and after).

Not ``unauthorized-access`` and ``not-found``: an administrator can permit it, or create the exchange. Not
``precondition-failed`` either: qpidd says it of an exchange that was deleted meanwhile (Incoming.cpp), and Broker-J of
a queue that is full.
"""
_HOPELESS_IF_RESERVED = frozenset({"amqp:not-found", "amqp:not-allowed"})
_NO_CREDIT = "the messaging server allows no message; it may be short of memory or disk space"


class Amqp10PublishLink:
    """An open connection to publish over, for one thread at a time; it is used like a :class:`PublishLink`.

    :param connection: from :meth:`Broker.connect`.
    :param pattern: the setting ``[messaging] amqp10_address``.
    """

    def __init__(self, connection: Amqp10Connection, pattern: str) -> None:
        self._connection = connection
        self._pattern = pattern
        self._links: dict[str, SendingLink] = {}
        self._numbers = count(1)
        self._opened = 0

    def publish(self, message: AmqpMessage, deadline: Deadline) -> None:
        """Publish a message to its exchange, and return when the server has taken it.

        :raises LinkLost: the connection broke or the server did not answer in time.
        :raises Refused: the server did not take it now.
        :raises PermanentFailure: the server will never take it.
        """
        target = target_of(message.exchange, self._connection.properties, self._pattern)
        was_open = message.exchange in self._links
        try:
            try:
                refusal = self._answer(message, target, deadline)
            except LinkEnded:
                # The server may have ended an idle link; only the end of a new one says that it refuses the message.
                if not was_open:
                    raise
                self._forget(message.exchange)
                refusal = self._answer(message, target, deadline)
        except LinkEnded as end:
            self._forget(message.exchange)
            raise _failure(message.exchange, end.name, end.reason) from None
        except LinkLost as lost:
            raise LinkLost(f"could not publish message: {lost.reason}") from None
        if refusal is not None:
            raise _failure(message.exchange, refusal.name, f"the messaging server refused it: {refusal.text}")

    def close(self, seconds: float) -> None:
        """Disconnect cleanly, or drop the connection if the server does not answer within this time."""
        self._connection.close(seconds)

    def discard(self) -> None:
        """Drop the connection without notifying the server."""
        self._connection.discard()

    def abandon(self) -> None:
        """In a forked child: leave the connection to the parent."""
        self._connection.abandon()

    def _answer(self, message: AmqpMessage, target: Target, deadline: Deadline) -> Refusal | None:
        """Publish a message; return None if the server took it."""
        link = self._link_to(message.exchange, target, deadline)
        encoded = _encoded(message, target)
        if 0 < link.most_bytes < len(encoded):
            raise PermanentFailure(
                f"could not publish message: it has {len(encoded)} bytes, and the messaging server accepts at most "
                f"{link.most_bytes}"
            )
        number = next(self._numbers)
        link.send(number, encoded)
        while True:
            self._connection.work(deadline.remaining())
            for answered, refusal in link.answers():
                if answered == number:
                    return refusal
            link.require_open()
            if not deadline.remaining():
                raise LinkLost(_NO_CREDIT if link.waits_for_server else _no_answer(deadline))

    def _link_to(self, exchange: str, target: Target, deadline: Deadline) -> SendingLink:
        # Reads what arrived since the last message: the server may have ended the link meanwhile.
        self._connection.work(0)
        link = self._links.get(exchange)
        if link is not None and not link.is_open:
            self._forget(exchange)
            link = None
        if link is None:
            self._opened += 1
            if self._opened > _MOST_OPENED:
                raise LinkLost("the connection is replaced, because it had many links")
            # Pulp 2 created a missing exchange as not durable (CONTRACT 4.3).
            link = SendingLink(self._connection, exchange, target, durable=False, deadline=deadline)
            self._links[exchange] = link
            if len(self._links) > _MOST_LINKS:
                self._forget(next(iter(self._links)))
        return link

    def _forget(self, exchange: str) -> None:
        link = self._links.pop(exchange, None)
        if link is not None:
            link.close()


def _encoded(message: AmqpMessage, target: Target) -> bytes:
    return encoded_data(
        message.body,
        subject=message.routing_key,
        to=target.to_of(message.routing_key),
        message_id=message.message_id,
        # As qpid.messaging sent it beside the routing key.
        properties={**message.headers, "qpid.subject": message.routing_key},
        durable=message.delivery_mode == 2,
        priority=message.priority,
        content_type=message.content_type,
        content_encoding=message.content_encoding,
    )


def _failure(exchange: str, name: str, reason: str) -> Refused | PermanentFailure:
    # An exchange of the server itself will not be created by anybody.
    reserved = exchange.startswith("amq.") and name in _HOPELESS_IF_RESERVED
    kind = PermanentFailure if reserved or name in _HOPELESS else Refused
    return kind(f"could not publish message: {reason}")


def _no_answer(deadline: Deadline) -> str:
    return connection_error_text(TimeoutError(), deadline.seconds)
