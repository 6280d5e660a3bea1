"""What one process has of the stream: a bounded queue, and the one thread that empties it over one connection."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Protocol

from ..broker import Deadline
from ..errors import PermanentFailure, TemporaryFailure
from ..task import TaskReport
from .document import Renderer
from .health import Counts, StreamOptions
from .marker import Marker
from .outage import Outage
from .tally import Tally

_logger = logging.getLogger(__name__)


class Link(Protocol):
    """An open connection (:class:`pulp_notifiers.broker.StreamLink`)."""

    blocked: bool

    @property
    def unanswered(self) -> int: ...
    def send(self, messages: Iterable[tuple[str, bytes]], deadline: Deadline) -> None: ...
    def hear(self, seconds: float) -> tuple[int, int]: ...
    def heard(self) -> tuple[int, int]: ...
    def close(self, seconds: float) -> None: ...
    def discard(self) -> None: ...
    def abandon(self) -> None: ...


class Line:
    """A queue, a thread and a connection.

    :param open_link: connects; raises TemporaryFailure or PermanentFailure.
    """

    def __init__(
        self,
        open_link: Callable[[], Link],
        options: StreamOptions,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._open_link = open_link
        self._options = options
        self._clock = clock
        self._queue: deque[TaskReport | Marker] = deque()
        self._limit, self._most_unanswered = options.most_reports, options.most_unanswered
        self._shut = False  # what is offered now is dropped
        self._closing = False
        self._asleep = True
        self._bell: SimpleQueue[None] = SimpleQueue()  # may be rung from anywhere, unlike a condition
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()
        self._awaited: list[Marker] = []  # taken from the queue, and not yet reached
        self.link: Link | None = None
        self.outage = Outage()
        self._failures = 0
        self._proven = False  # the connection has had a message confirmed
        self._doubtful = False  # the last one broke without that, or after it had been of no use for a while
        self._bytes_each = 0.0
        self._overflow = Tally()
        self._overflow_told = 0
        self._refusal_told = False
        self._renderer = Renderer()
        self._published = self._dropped = 0

    @property
    def counts(self) -> Counts:
        """Return what became of the reports so far."""
        return Counts(self._published, self._dropped + self._overflow.value(), self._renderer.failed)

    def offer(self, report: TaskReport) -> None:
        """Put a report into the queue, or drop it where that is full or nobody would take it."""
        if self._shut or len(self._queue) >= self._limit:
            self._overflow.add()
            return
        self._queue.append(report)
        if self._asleep:
            self._wake()

    def flush(self, seconds: float) -> bool:
        """Wait until what was offered before is decided; tell whether that was in time."""
        marker = Marker()
        self._queue.append(marker)
        if self._closing or not self._wake():
            self._drop_queue()
        return marker.wait(seconds)

    def close(self, seconds: float) -> None:
        """Send what is in the queue, as far as that goes in time, and end."""
        self._closing = self._shut = True
        thread = self._thread
        if thread is not None:
            self._bell.put(None)
            thread.join(seconds)
        self._shut = True  # also if the thread was just opening
        self._drop_queue()

    def abandon(self) -> None:
        """In a forked child: leave the connection to the parent."""
        if self.link is not None:
            self.link.abandon()

    def _wake(self) -> bool:
        self._asleep = False
        if self._thread is None and not self._start():
            return False
        self._bell.put(None)
        return True

    def _start(self) -> bool:
        if not self._starting.acquire(blocking=False):
            return True  # somebody else is at it
        try:
            if self._thread is None:
                thread = threading.Thread(target=self._run, name="pulp-notifiers-status", daemon=True)
                thread.start()
                self._thread = thread
        except RuntimeError:  # no more threads, or the interpreter ends
            self._asleep = True
            return False
        finally:
            self._starting.release()
        return True

    def _run(self) -> None:
        while not self._finished():
            try:
                self._turn()
            except (TemporaryFailure, PermanentFailure) as failure:
                self._lose(failure.reason)
            except Exception as error:  # whatever kombu's transports raise: the thread must not end
                _logger.debug("The task-status stream met an error.", exc_info=True)
                self._lose(repr(error))
        if self.link is not None:
            self._forget_unanswered(self.link)
            self.link.close(self._options.look_seconds)
            self.link = None

    def _finished(self) -> bool:
        all_done = not self._queue and self._all_decided()
        return self._closing and (all_done or (self.link is None and self._failures > 0))

    def _turn(self) -> None:
        if self.link is None:
            self._connect()
        elif not self._queue:
            self._settle(self.link, 0)
            self._idle(self.link)
        else:
            self._publish_some(self.link)

    def _connect(self) -> None:
        if self._failures:
            self._pause()
            if self._closing:
                return
        self.link = self._open_link()
        self._proven = False
        if not self._doubtful:
            self._failures = 0
        self._shut = self._closing

    def _publish_some(self, link: Link) -> None:
        self._take_note(link.hear(0))
        batch, marker = self._batch()
        if batch:
            link.send(batch, Deadline(self._options.send_seconds))
        if marker:
            self._awaited.append(marker)
        self._settle(link, 0 if marker else self._most_unanswered)
        self._answer_waiting()
        if self._overflow.value() > self._overflow_told and not self._shut:
            self.outage.begin("they come faster than the messaging server takes them")

    def _batch(self) -> tuple[list[tuple[str, bytes]], Marker | None]:
        options = self._options
        batch: list[tuple[str, bytes]] = []
        size = 0
        while self._queue and len(batch) < options.batch and size < options.batch_bytes:
            item = self._queue.popleft()
            if isinstance(item, Marker):
                return batch, item
            rendered = self._renderer.render(item)
            if rendered is None:
                continue
            batch.append(rendered)
            size += len(rendered[1])
        self._learn(size, len(batch))
        return batch, None

    def _learn(self, size: int, count: int) -> None:
        if count:
            self._bytes_each += (size / count - self._bytes_each) / (2 if self._bytes_each else 1)
            options = self._options
            self._limit = max(1, min(options.most_reports, int(options.most_bytes / self._bytes_each)))
            self._most_unanswered = min(options.most_unanswered, int(options.most_unanswered_bytes / self._bytes_each))

    def _settle(self, link: Link, most: int) -> None:
        options = self._options
        since = self._clock()
        while link.unanswered > most:
            before = link.unanswered
            self._take_note(link.hear(min(options.slow_seconds, options.look_seconds)))
            waited = self._clock() - since
            if link.unanswered < before:
                since = self._clock()
            elif self._closing or (waited >= options.silent_seconds and not self._relief_is_due(link)):
                raise TemporaryFailure(f"the messaging server confirms nothing for {waited:.0f} s")
            elif link.blocked or waited >= options.slow_seconds:
                self._suffer("the messaging server confirms nothing; it may be short of memory or disk space")
        self._shut = self._closing

    def _relief_is_due(self, link: Link) -> bool:
        return link.blocked and self._options.waits_for_relief

    def _idle(self, link: Link) -> None:
        if self._proven or not self._doubtful:
            self.outage.end(self.counts.dropped)
        self._overflow_told = self._overflow.value()
        self._asleep = True
        if not self._queue and not self._closing:
            try:
                self._bell.get(timeout=self._options.look_seconds)
            except Empty:
                self._take_note(link.hear(0))
        self._asleep = False

    def _take_note(self, heard: tuple[int, int]) -> None:
        taken, refused = heard
        self._published += taken
        self._dropped += refused
        if taken:
            self._proven, self._failures = True, 0
        if refused and not self._refusal_told:
            self._refusal_told = True
            _logger.warning("The messaging server refused a change of a task; further refusals are only counted.")

    def _lose(self, reason: str) -> None:
        link, self.link = self.link, None
        lost = 0
        if link is not None:
            self._doubtful = self.outage.active or not self._proven
            lost = self._forget_unanswered(link)
            link.discard()
        if lost or link is None or self._doubtful:
            self._suffer(reason)
            self._failures += link is None or self._doubtful
        self._answer_waiting()

    def _forget_unanswered(self, link: Link) -> int:
        self._take_note(link.heard())
        lost = link.unanswered
        self._dropped += lost
        return lost

    def _suffer(self, reason: str) -> None:
        self._shut = True
        self.outage.begin(reason)
        self._answer_waiting()
        self._drop_queue()

    def _answer_waiting(self) -> None:
        decided = self._all_decided()
        while self._awaited:
            self._awaited.pop().reach(decided)

    def _all_decided(self) -> bool:
        link = self.link
        return link is None or not link.unanswered

    def _drop_queue(self) -> None:
        decided = self._all_decided()
        while self._queue:
            try:
                item = self._queue.popleft()
            except IndexError:  # somebody else was faster
                return
            if isinstance(item, Marker):
                item.reach(decided)
            else:
                self._overflow.add()

    def _pause(self) -> None:
        options = self._options
        deadline = Deadline(
            min(options.longest_backoff_seconds, options.first_backoff_seconds * 2 ** min(self._failures - 1, 30))
        )
        while not self._closing and (remaining := deadline.remaining()):
            with suppress(Empty):
                self._bell.get(timeout=remaining)
            self._drop_queue()
