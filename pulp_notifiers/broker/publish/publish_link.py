"""An open connection that publishes messages and waits for the confirmation of each."""

from typing import Any

from amqp.exceptions import MessageNacked
from kombu.connection import Connection
from kombu.exceptions import ChannelError

from ...errors import PermanentFailure
from ..deadline import Deadline
from ..errors import NOT_FOUND, PRECONDITION_FAILED, LinkLost, Refused, connection_error_text, reply_code
from ..open_connection import OpenConnection
from ..topic_exchange import ensure_topic_exchange
from .message import AmqpMessage

_CONTENT_TOO_LARGE = 311
_HOPELESS = frozenset({_CONTENT_TOO_LARGE, NOT_FOUND, PRECONDITION_FAILED})
"""Reply codes to one message or declaration that would be the same next time (AMQP 0-9-1, section 1.2).

Not 403, ACCESS_REFUSED: an administrator can permit it on the server.
"""


class PublishLink(OpenConnection):
    """An open connection to publish over, for one thread at a time.

    :param connection: from :meth:`Broker.connect`.
    """

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self._exchanges: set[str] = set()
        self._publishing_channel: Any = None
        self._exchange_channel: Any = None

    def publish(self, message: AmqpMessage, deadline: Deadline) -> None:
        """Publish a message to its exchange, and return when the server has confirmed it.

        :raises LinkLost: the connection broke or the server did not answer in time.
        :raises Refused: the server did not take it now.
        :raises PermanentFailure: the server will never take it.
        """
        self._keep_to(deadline)
        try:
            self._publish(message)
        except self._fatal_errors as error:
            raise LinkLost(f"could not publish message: {connection_error_text(error, deadline.seconds)}") from None
        except MessageNacked:
            raise Refused("could not publish message: the messaging server refused it") from None
        except ChannelError as error:
            kind = PermanentFailure if reply_code(error) in _HOPELESS else Refused
            raise kind(f"could not publish message: {error}") from None

    def ensure_topic_exchange(self, name: str, durable: bool = False) -> None:
        """Create an exchange as topic and not auto-delete, unless one has this name already (CONTRACT 4.3).

        One that exists is left as it is. Names that belong to the server (``amq.``, and the empty one of the default
        exchange) are left to it; without an AMQP server, as with ``memory://``, ``amq.`` is a name like any other.
        Each name is looked up once per connection.
        """
        if name in self._exchanges or not name or (self._amqp is not None and name.startswith("amq.")):
            return
        if self._exchange_channel is None:
            self._exchange_channel = self._new_channel()
        ensure_topic_exchange(self._exchange_channel, name, durable)
        self._exchanges.add(name)

    def _publish(self, message: AmqpMessage) -> None:
        self.ensure_topic_exchange(message.exchange)
        try:
            self._publish_confirmed(message)
        except ChannelError as error:
            if reply_code(error) != NOT_FOUND or message.exchange not in self._exchanges:
                raise
            # Deleted after it was looked up.
            self._exchanges.discard(message.exchange)
            self.ensure_topic_exchange(message.exchange)
            self._publish_confirmed(message)

    def _publish_confirmed(self, message: AmqpMessage) -> None:
        if self._publishing_channel is None:
            self._publishing_channel = self._new_channel()
        properties = {"message_id": message.message_id, "delivery_mode": message.delivery_mode}
        prepared = self._publishing_channel.prepare_message(
            message.body,
            priority=message.priority,
            content_type=message.content_type,
            content_encoding=message.content_encoding,
            headers=dict(message.headers),
            properties={name: value for name, value in properties.items() if value is not None},
        )
        self._publishing_channel.basic_publish(prepared, exchange=message.exchange, routing_key=message.routing_key)
