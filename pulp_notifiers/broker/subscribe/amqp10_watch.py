"""What is published to an exchange from now on, over AMQP 1.0."""

from ...errors import PermanentFailure
from ..amqp10 import Amqp10Connection, ReceivingLink, source_of
from ..deadline import Deadline
from ..errors import LinkLost
from ..task_message import MessageBody


class Amqp10Watch:
    """An open connection that receives messages, for one thread; those published before or after it are missed.

    :param exchange: must exist, except on a server that creates it when it is read, as Qpid's C++ broker does.
    :param binding: topic pattern of the routing keys, which are the subjects of the messages.
    :param address: a pattern of addresses, see :class:`MessagingSettings`.
    :raises LinkLost: the connection broke, or the server did not answer in time.
    :raises PermanentFailure: the server does not permit it.
    :ivar resumed: False, because messages published between two connections are missed.
    """

    resumed = False

    def __init__(
        self, connection: Amqp10Connection, exchange: str, binding: str, deadline: Deadline, address: str = ""
    ) -> None:
        self._connection = connection
        self._what = f"could not listen to {exchange}"
        try:
            source = source_of(exchange, binding, connection.product, address)
            self._link = ReceivingLink(connection, source, deadline)
        except (LinkLost, PermanentFailure) as error:
            connection.discard()
            raise type(error)(f"{self._what}: {error.reason}") from None
        except BaseException:
            connection.discard()
            raise

    def receive(self, seconds: float) -> list[MessageBody]:
        """Return the bodies that arrived, at most a few hundred; wait this long for the first one.

        :raises LinkLost: the connection broke, or the server sent nothing for longer than it promised.
        """
        try:
            return [message.body for message in self._link.receive(seconds)]
        except LinkLost as end:
            raise LinkLost(f"{self._what}: {end.reason}") from None

    def close(self, seconds: float) -> None:
        """Disconnect cleanly, or drop the connection if the server does not answer within this time."""
        self._connection.close(seconds)

    def discard(self) -> None:
        """Drop the connection without notifying the server."""
        self._connection.discard()
