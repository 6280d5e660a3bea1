"""Opens the connections of a watch, and keeps its queue between them."""

from contextlib import suppress
from typing import TYPE_CHECKING

from kombu.connection import Connection

from ...errors import PermanentFailure, TemporaryFailure
from ..deadline import Deadline
from ..server import Broker
from .kept_queue import KeptQueue
from .reading_connection import ReadingConnection
from .watch import Watch

if TYPE_CHECKING:
    from .amqp10_watch import Amqp10Watch


class WatchOpener:
    """Connects to a messaging server and starts to receive; each connection continues where the last one ended.

    Only RabbitMQ keeps the messages of the time between two connections, see :attr:`Watch.resumed`.

    :param binding: topic pattern of the routing keys.
    :param seconds: for a connection to be ready.
    """

    def __init__(self, broker: Broker, exchange: str, binding: str, seconds: float = 5.0) -> None:
        self._broker = broker
        self._exchange, self._binding = exchange, binding
        self._seconds = seconds
        self._kept = KeptQueue()

    def __call__(self) -> "Watch | Amqp10Watch":
        """Return a connection; raises what :meth:`Watch.open` raises."""
        return Watch.open(self._broker, self._exchange, self._binding, self._seconds, self._kept)

    def forget(self, seconds: float) -> None:
        """Delete the queue if the last connection could not, because it was broken or interrupted.

        If this fails too, the server deletes the queue after some minutes.
        """
        if not self._kept.name:
            return
        deadline = Deadline(seconds)
        with suppress(TemporaryFailure, PermanentFailure):
            connection = self._broker.connect(deadline)
            if isinstance(connection, Connection):
                _Deletion(connection).delete(self._kept, deadline)


class _Deletion(ReadingConnection):
    """An open connection to delete a queue."""

    def delete(self, kept: KeptQueue, deadline: Deadline) -> None:
        """Delete it, and disconnect."""
        try:
            with self._failing_as(f"could not delete the queue {kept.name}", deadline):
                kept.delete(self._new_channel())
        finally:
            self.close(deadline.remaining())
