"""One persistent connection of a process for publishing, shared by its threads."""

import os
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from kombu.connection import Connection

from ...errors import PermanentFailure, TemporaryFailure
from ..deadline import Deadline
from ..errors import LinkLost, Refused
from ..server import Broker
from .message import AmqpMessage
from .publish_link import PublishLink

if TYPE_CHECKING:
    from .amqp10_publish_link import Amqp10PublishLink

_CLOSE_SECONDS = 2.0


class _ProcessLink:
    """The connection of one process, and the lock that protects it."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.open: PublishLink | Amqp10PublishLink | None = None

    def close(self) -> None:
        link, self.open = self.open, None
        if link is not None:
            link.close(_CLOSE_SECONDS)

    def discard(self) -> None:
        link, self.open = self.open, None
        if link is not None:
            link.discard()

    def abandon(self) -> None:
        if self.open is not None:
            self.open.abandon()


class Publisher:
    """Publishes messages over one connection, which is opened when needed and replaced when it breaks.

    Safe for threads and across a fork: the child opens its own connection and never touches the parent's.

    :param broker: the server to publish to.
    :param timeout_seconds: for one message, including connecting and waiting for other threads.
    """

    def __init__(
        self,
        broker: Broker,
        timeout_seconds: float = 15.0,
        clock: Callable[[], float] = time.monotonic,
        process_id: Callable[[], int] = os.getpid,
    ) -> None:
        self._broker = broker
        self._timeout_seconds = timeout_seconds
        self._clock = clock
        self._process_id = process_id
        self._links: dict[int, _ProcessLink] = {}

    def publish(self, message: AmqpMessage) -> None:
        """Publish a message, and return when the server has confirmed it; the server confirms unroutable ones too.

        :raises TemporaryFailure: it did not in time, or cannot be reached.
        :raises PermanentFailure: it never will.
        """
        deadline = Deadline(self._timeout_seconds, self._clock)
        link = self._link()
        # Half of the time at most, so that a thread that gets the connection late has time left to use it.
        if not link.lock.acquire(timeout=self._timeout_seconds / 2):
            raise TemporaryFailure("could not publish message: earlier messages still wait for the messaging server")
        try:
            self._publish(link, message, deadline)
        finally:
            link.lock.release()

    def close(self) -> None:
        """Close this process's connection; publishing again opens another."""
        link = self._link()
        with link.lock:
            link.close()

    def _publish(self, link: _ProcessLink, message: AmqpMessage, deadline: Deadline) -> None:
        was_open = link.open is not None
        try:
            self._attempt(link, message, deadline)
        except LinkLost:
            # An idle connection may have been gone for long; only a failure on a new one says that the server fails.
            if not was_open or not deadline.remaining():
                raise
            self._attempt(link, message, deadline)

    def _attempt(self, link: _ProcessLink, message: AmqpMessage, deadline: Deadline) -> None:
        try:
            if link.open is None:
                link.open = self._connect(deadline)
            link.open.publish(message, deadline)
        except (PermanentFailure, Refused):
            raise
        except BaseException:
            # After any other error an answer may still arrive, which must not be taken for that to the next message.
            link.discard()
            raise

    def _connect(self, deadline: Deadline) -> "PublishLink | Amqp10PublishLink":
        connection = self._broker.connect(deadline)
        if isinstance(connection, Connection):
            return PublishLink(connection)
        from .amqp10_publish_link import Amqp10PublishLink  # noqa: PLC0415  its library is an extra

        return Amqp10PublishLink(connection, self._broker.amqp10_address)

    def _link(self) -> _ProcessLink:
        process = self._process_id()
        link = self._links.get(process)
        if link is None:
            link = self._links.setdefault(process, _ProcessLink())  # atomic; a fork may have left a lock taken
            for parent in [known for known in self._links if known != process]:
                inherited = self._links.pop(parent, None)
                if inherited is not None:
                    inherited.abandon()
        return link
