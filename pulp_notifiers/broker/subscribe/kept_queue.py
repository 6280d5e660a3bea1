"""A queue on RabbitMQ that a watch keeps over its connections, so that it misses nothing while it reconnects."""

from collections import deque
from typing import Any

from kombu.exceptions import ChannelError

from ..errors import ACCESS_REFUSED, NOT_FOUND, LinkLost, reply_code
from .form import QUEUE_LIMIT

_UNUSED_MILLISECONDS = 10 * 60 * 1000
"""How long RabbitMQ keeps the queue without a reader: long enough to restart a server or to repair a network, short
enough for a watcher that was killed, whose queue fills up to its limit."""

_ARGUMENTS = {
    **QUEUE_LIMIT,
    "x-expires": _UNUSED_MILLISECONDS,
    # A virtual host may have another default type, whose queues RabbitMQ does not name.
    "x-queue-type": "classic",
}

CONSUMER_TAG = "pulp-notifiers"

_REMEMBERED = 10_000
"""Messages that may be delivered again. A server that was killed also forgets acknowledgements that it had not written
to its disk."""


class KeptQueue:
    """The queue, and what was read from it; outlives the connections of a watch. Only RabbitMQ has such queues.

    :ivar name: chosen by the server, which permits such names to every reader; empty if there is no queue.
    :ivar is_new: whether nobody has read it yet.
    """

    def __init__(self) -> None:
        self.name = ""
        self.is_new = True
        self._read: deque[int] = deque(maxlen=_REMEMBERED)
        self._again: deque[int] = deque()
        self._is_first = False

    def open(self, channel: Any) -> None:
        """Look up the queue, and declare a new one if it is gone.

        :raises ChannelError: the server refuses.
        """
        if self.name and _exists(channel, self.name):
            self._is_first = True
            return
        self.name = ""
        self.is_new = True
        self._read.clear()
        declared = channel.queue_declare(
            queue="", durable=True, exclusive=False, auto_delete=False, arguments=_ARGUMENTS
        )
        self.name = declared.queue

    def consume(self, channel: Any, prefetch: int, callback: Any) -> None:
        """Receive its messages, which must be acknowledged.

        :raises LinkLost: the server has not noticed yet that the last connection is broken.
        :raises ChannelError: the server refuses.
        """
        channel.basic_qos(prefetch_size=0, prefetch_count=prefetch, a_global=False)
        try:
            # Exclusive, because the server would deliver some messages to the broken connection, and later again.
            channel.basic_consume(queue=self.name, callback=callback, exclusive=True, consumer_tag=CONSUMER_TAG)
        except ChannelError as error:
            if reply_code(error) != ACCESS_REFUSED or "exclusive use" not in str(error):
                raise
            raise LinkLost("the server has not closed the previous connection yet") from None
        self.is_new = False

    def is_repeated(self, routing_key: str, body: bytes) -> bool:
        """Return whether a message, the next one of the queue, was read before.

        After a reconnect the server delivers again, in the same order, what it does not know to be acknowledged.
        Where that begins is not clear if messages were the same, so some may seem to be left out.
        """
        message = hash((routing_key, body))
        if self._is_first:
            self._is_first = False
            self._again = deque(self._read)
        if message in self._again:
            while self._again.popleft() != message:
                pass
            return True
        self._again.clear()
        self._read.append(message)
        return False

    def delete(self, channel: Any) -> None:
        """Delete it.

        :raises ChannelError: the server refuses.
        """
        channel.queue_delete(queue=self.name)
        self.name = ""


def _exists(channel: Any, name: str) -> bool:
    try:
        channel.queue_declare(queue=name, passive=True)
    except ChannelError as error:
        if reply_code(error) != NOT_FOUND:
            raise
        return False
    return True
