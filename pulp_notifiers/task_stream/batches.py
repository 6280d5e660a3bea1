"""Reports from the queue as batches of messages."""

from ..broker import StreamMessage
from .document import Renderer
from .marker import Marker
from .options import StreamOptions
from .report_queue import ReportQueue


class Batches:
    """Takes batches from a queue, and keeps its limits in line with the mean size of a message.

    :ivar most_unconfirmed: how many messages of that size may be sent before the server confirms one.
    """

    def __init__(self, queue: ReportQueue, options: StreamOptions) -> None:
        self._queue = queue
        self._options = options
        self._renderer = Renderer()
        self._mean_bytes = 0.0
        self.most_unconfirmed = options.most_unconfirmed

    @property
    def unrenderable(self) -> int:
        """Return how many reports had no JSON form."""
        return self._renderer.failed

    def take(self) -> tuple[list[StreamMessage], Marker | None]:
        """Return the next messages, and the marker right after them, if there is one."""
        messages: list[StreamMessage] = []
        size, marker = 0, None
        while self._queue and len(messages) < self._options.batch and size < self._options.batch_bytes:
            item = self._queue.take()
            if isinstance(item, Marker):
                marker = item
                break
            rendered = self._renderer.render(item)
            if rendered is not None:
                messages.append(rendered)
                size += len(rendered.body)
        if messages:
            self._adapt(size / len(messages))
        return messages, marker

    def _adapt(self, bytes_each: float) -> None:
        self._mean_bytes += (bytes_each - self._mean_bytes) / (2 if self._mean_bytes else 1)
        options = self._options
        self._queue.limit_bytes(options.most_bytes, self._mean_bytes)
        self.most_unconfirmed = min(options.most_unconfirmed, int(options.most_unconfirmed_bytes / self._mean_bytes))
