"""A look at a messaging server before something subscribes to it; nothing of it is left there."""

from uuid import uuid4

from kombu.connection import Connection
from kombu.exceptions import OperationalError

from ..deadline import Deadline
from ..own_messages import heeds_marks
from .subscription import amqp_errors, amqp_wire, exchange_exists


class Inspection:
    """A connection to look around by, for one thread at a time.

    :param connection: from :meth:`Broker.connect`.
    :raises PermanentFailure: it does not speak AMQP 0-9-1.
    :ivar marks_heeded: whether the server keeps messages that bear an unwanted mark away.
    """

    def __init__(self, connection: Connection, deadline: Deadline) -> None:
        self._connection = connection
        self._deadline = deadline
        self._wire = amqp_wire(connection)
        self._broken = (*connection.connection_errors, OperationalError)
        self.marks_heeded = heeds_marks(self._wire.server_properties)

    def exchange_exists(self, name: str) -> bool:
        """Tell whether there is an exchange of this name.

        :raises LinkLost: the connection broke, or the server did not answer in time.
        :raises PermanentFailure: the server refuses to say.
        """
        with amqp_errors(f"could not look at the exchange {name}", self._broken, self._deadline):
            self._wire.keep_to(self._deadline)
            return exchange_exists(self._connection.transport.create_channel(self._wire), name)

    def try_queue(self, prefix: str, exchange: str | None) -> None:
        """Declare a queue of a name like this, bind it, and delete it again; no message gets into it.

        :param exchange: to bind it to, or None.
        :raises LinkLost: the connection broke, or the server did not answer in time.
        :raises PermanentFailure: the server refuses.
        """
        name = f"{prefix}.check.{uuid4().hex}"
        with amqp_errors(f"could not declare a queue such as {name}", self._broken, self._deadline):
            self._wire.keep_to(self._deadline)
            channel = self._connection.transport.create_channel(self._wire)
            channel.queue_declare(queue=name, exclusive=True, auto_delete=True)
            if exchange is not None:
                channel.queue_bind(queue=name, exchange=exchange, routing_key=name)
            channel.queue_delete(queue=name)

    def close(self, seconds: float) -> None:
        """Take leave of the server in good order, or without where it does not answer in time."""
        self._wire.keep_to(Deadline(seconds))
        self._connection.release()
