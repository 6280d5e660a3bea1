"""Publishing: one persistent connection of a process, shared by its threads, each message confirmed."""

import os
import threading
import time
from collections.abc import Callable

from ...errors import PermanentFailure, TemporaryFailure
from ..connection import Broker
from ..deadline import Deadline
from .publish_link import AmqpMessage, Link, LinkLost, Refused

_FAREWELL_SECONDS = 2.0


class _Line:
    """What one process has: a lock, and behind it the connection."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.link: Link | None = None

    def drop(self) -> None:
        link, self.link = self.link, None
        if link is not None:
            link.discard()


class Publisher:
    """Publishes messages over one connection, which is opened when needed and replaced when lost.

    Safe for threads, and over a fork: the child opens its own connection and never touches the parent's.

    :param broker: where to.
    :param timeout_seconds: after which a message is given up at the latest, connecting and waiting included.
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
        self._lines: dict[int, _Line] = {}

    def publish(self, message: AmqpMessage) -> None:
        """Publish a message and return when the server has taken it; one that no queue wants counts as taken.

        :raises TemporaryFailure: it did not in time, or cannot be reached.
        :raises PermanentFailure: it never will.
        """
        deadline = Deadline(self._timeout_seconds, self._clock)
        line = self._line()
        # Half for the queue, so that whoever gets the connection late has time left to use it.
        if not line.lock.acquire(timeout=self._timeout_seconds / 2):
            raise TemporaryFailure("could not publish message: earlier messages still wait for the messaging server")
        try:
            self._publish(line, message, deadline)
        finally:
            line.lock.release()

    def close(self) -> None:
        """Close this process's connection; publishing again opens another."""
        line = self._line()
        with line.lock:
            link, line.link = line.link, None
            if link is not None:
                link.close(_FAREWELL_SECONDS)

    def _publish(self, line: _Line, message: AmqpMessage, deadline: Deadline) -> None:
        had_link = line.link is not None
        try:
            self._attempt(line, message, deadline)
        except LinkLost:
            # A connection that idled may have been gone long before; a new one deserves its own judgement.
            if not had_link or not deadline.remaining():
                raise
            self._attempt(line, message, deadline)

    def _attempt(self, line: _Line, message: AmqpMessage, deadline: Deadline) -> None:
        try:
            if line.link is None:
                line.link = Link(self._broker.connect(deadline))
            line.link.publish(message, deadline)
        except (PermanentFailure, Refused):
            raise
        except BaseException:
            # Whatever else it is, an answer may still be on its way, which the next message must not take for its own.
            line.drop()
            raise

    def _line(self) -> _Line:
        process = self._process_id()
        line = self._lines.get(process)
        if line is None:
            line = self._lines.setdefault(process, _Line())  # atomic, unlike a lock that a fork may have left taken
            for parent in [known for known in self._lines if known != process]:
                inherited = self._lines.pop(parent, None)
                if inherited is not None and inherited.link is not None:
                    inherited.link.abandon()
        return line
