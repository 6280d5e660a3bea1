"""Whether a subscription would be possible, without leaving anything on the server."""

from uuid import uuid4

from kombu.connection import Connection

from ..deadline import Deadline
from ..own_messages import supports_marks
from ..topic_exchange import exchange_exists
from .reading_connection import ReadingConnection


class Inspection(ReadingConnection):
    """An open connection that checks what a subscription needs, for one thread at a time.

    :param connection: from :meth:`Broker.connect`.
    :raises PermanentFailure: it does not speak AMQP 0-9-1.
    :ivar supports_marks: whether the server can leave out messages with a mark.
    """

    def __init__(self, connection: Connection, deadline: Deadline) -> None:
        super().__init__(connection)
        self._deadline = deadline
        self.supports_marks = supports_marks(self._require_amqp().server_properties)

    @property
    def marks_heeded(self) -> bool:
        """Return :attr:`supports_marks`, under the name that existing plugins use."""
        return self.supports_marks

    def exchange_exists(self, name: str) -> bool:
        """Return whether an exchange has this name.

        :raises LinkLost: the connection broke, or the server did not answer in time.
        :raises PermanentFailure: the server refuses to answer.
        """
        with self._failing_as(f"could not look up the exchange {name}", self._deadline):
            return exchange_exists(self._new_channel(), name)

    def try_queue(self, prefix: str, exchange: str | None) -> None:
        """Declare a queue whose name begins like this, bind it, and delete it; no message is routed to it.

        :param exchange: to bind it to, or None.
        :raises LinkLost: the connection broke, or the server did not answer in time.
        :raises PermanentFailure: the server refuses.
        """
        name = f"{prefix}.check.{uuid4().hex}"
        with self._failing_as(f"could not declare a queue such as {name}", self._deadline):
            channel = self._new_channel()
            channel.queue_declare(queue=name, exclusive=True, auto_delete=True)
            if exchange is not None:
                channel.queue_bind(queue=name, exchange=exchange, routing_key=name)
            channel.queue_delete(queue=name)
