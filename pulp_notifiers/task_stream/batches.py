"""Reports from the queue as batches of messages, and their mean size."""

from contextlib import suppress
from queue import Empty

from .document import TaskMessage, rendered
from .marker import Marker
from .options import StreamOptions
from .report_queue import ReportQueue


class Batches:
    """Takes batches from a queue, and keeps its limits in line with the mean size of a message.

    :ivar most_unconfirmed: how many messages of that size may be sent before the server confirms one.
    :ivar unrenderable: how many reports had no JSON form.
    """

    def __init__(self, queue: ReportQueue, options: StreamOptions) -> None:
        self._queue = queue
        self._options = options
        self._mean_bytes = 0.0
        self.most_unconfirmed = options.most_unconfirmed
        self.unrenderable = 0

    def take(self, most: int) -> tuple[list[TaskMessage], Marker | None]:
        """Return the next messages, at most so many, and the marker right after them, if there is one."""
        messages: list[TaskMessage] = []
        size, marker = 0, None
        with suppress(Empty):
            while len(messages) < most and size < self._options.batch_bytes:
                taken = self._queue.take()
                if isinstance(taken, Marker):
                    marker = taken
                    break
                message = taken.item if isinstance(taken.item, TaskMessage) else rendered(taken.item)
                if message is None:
                    self.unrenderable += 1
                    continue
                message.place, message.late = taken.place, taken.late
                messages.append(message)
                size += len(message.body)
        if messages:
            self._adapt(size / len(messages))
        return messages, marker

    def _adapt(self, bytes_each: float) -> None:
        self._mean_bytes += (bytes_each - self._mean_bytes) / (2 if self._mean_bytes else 1)
        options = self._options
        self._queue.limit_bytes(options.most_bytes, self._mean_bytes)
        self.most_unconfirmed = min(options.most_unconfirmed, int(options.most_unconfirmed_bytes / self._mean_bytes))
