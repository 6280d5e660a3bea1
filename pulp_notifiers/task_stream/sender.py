"""The one thread of a process that empties the queue over one connection."""

import logging
import time
from collections.abc import Callable, Sequence
from copy import copy
from datetime import datetime
from typing import Protocol, cast

from ..broker import Confirmed, Deadline, MessageUnacceptable, StreamMessage
from ..errors import PermanentFailure, TemporaryFailure
from .batches import Batches
from .document import TaskMessage
from .health import Counts
from .last_states import LastStates
from .lazy_thread import LazyThread
from .marker import Marker
from .measuring import Measuring
from .options import StreamOptions
from .outage_log import OutageLog
from .outcomes import Outcomes
from .reconnect import Reconnect
from .report_queue import ReportQueue

_logger = logging.getLogger(__name__)


class Link(Protocol):
    """An open connection (:class:`pulp_notifiers.broker.StreamLink`)."""

    @property
    def blocked(self) -> bool: ...
    @property
    def unconfirmed(self) -> int: ...
    @property
    def keep_alive_seconds(self) -> float: ...
    def send(self, messages: Sequence[StreamMessage], deadline: Deadline) -> None: ...
    def read_confirms(self, seconds: float) -> Confirmed: ...
    def take_confirms(self) -> Confirmed: ...
    def unanswered(self) -> list[StreamMessage]: ...
    def close(self, seconds: float) -> None: ...
    def discard(self) -> None: ...
    def abandon(self) -> None: ...


class Sender:
    """Sends what is put into its queue.

    :param open_link: connects; raises TemporaryFailure or PermanentFailure.
    :ivar queue: put reports here; the thread starts with the first one.
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
        self._thread = LazyThread(self._run, "pulp-notifiers-status")
        last_states = LastStates(options.last_states, options.last_states_bytes)
        self.queue = ReportQueue(self._thread.start, options.most_reports, last_states)
        self._batches = Batches(self.queue, options)
        self._measuring = Measuring(self.queue, self._batches)
        self._reconnect = Reconnect(options.backoff)
        self._outage = OutageLog(options.last_states)
        self._link: Link | None = None
        self._closing = False
        self._waiting: list[Marker] = []  # taken from the queue, not reached yet
        self._outcomes = Outcomes()

    @property
    def counts(self) -> Counts:
        """Return what became of the reports so far."""
        # In this order, so that a report that is remembered, or sent late, meanwhile is not counted twice.
        answered, unrenderable = copy(self._outcomes), self._batches.unrenderable
        dropped, remembered = self.queue.dropped_and_remembered()
        return Counts(answered.published, answered.late, answered.dropped + dropped, remembered, unrenderable)

    @property
    def connected(self) -> bool:
        """Return whether a connection is open."""
        return self._link is not None

    @property
    def outage_since(self) -> datetime | None:
        """Return since when reports cannot be published; None while they can."""
        return self._outage.since

    def flush(self, seconds: float) -> bool:
        """Return whether all reports put before were published or dropped within this time."""
        marker = self.queue.put_marker()
        if self._closing or not self.queue.wake():
            self.queue.drop_all(self._all_decided())
        return marker.wait(seconds)

    def close(self, seconds: float) -> None:
        """Send what is in the queue, as far as possible within this time, and end; new reports are dropped."""
        self._closing = True
        self.queue.close()
        self.queue.interrupt()
        self._thread.join(seconds)
        self.queue.close()  # once more: the thread may just have decided to accept reports
        self.queue.drop_all(self._all_decided())

    def abandon(self) -> None:
        """In a forked child: leave the connection to the parent."""
        if self._link is not None:
            self._link.abandon()

    def _run(self) -> None:
        while not self._finished():
            try:
                self._step()
            except (TemporaryFailure, PermanentFailure) as failure:
                self._disconnected(failure.reason, isinstance(failure, MessageUnacceptable))
            except Exception as error:  # whatever kombu's transports raise: the thread must not end
                _logger.debug("Unexpected error in the task-status stream; reconnecting.", exc_info=True)
                self._disconnected(repr(error))
        if self._link is not None:
            self._count(self._link.take_confirms())
            self._outcomes.dropped += self._link.unconfirmed
            self._link.close(self._options.look_seconds)
            self._link = None
        self._reach_markers()

    def _finished(self) -> bool:
        all_done = not self.queue and self._all_decided()
        return self._closing and (all_done or (self._link is None and self._reconnect.failures > 0))

    def _step(self) -> None:
        if self._link is None:
            self._connect()
        elif not self.queue:
            self._await_confirms(self._link, 0)
            self._idle(self._link)
        else:
            self._send_batch(self._link)

    def _connect(self) -> None:
        delay = Deadline(self._reconnect.delay_seconds())
        while (remaining := delay.remaining()) and not self._closing:
            self.queue.rest(self._measuring.go_on(min(remaining, self._options.look_seconds)))
            self._settle()
        if self._closing and self._reconnect.failures:
            return
        self._link = self._open_link()
        self._reconnect.opened()
        self._accept()

    def _send_batch(self, link: Link) -> None:
        self._count(link.read_confirms(0))
        one_by_one = self._outcomes.one_by_one
        messages, marker = self._batches.take(1 if one_by_one else self._options.batch)
        if marker:
            self._waiting.append(marker)
        if messages:
            link.send(messages, Deadline(self._options.send_seconds))
            if one_by_one:
                self._outcomes.sent_singly()
        self._await_confirms(link, 0 if self._waiting or one_by_one else self._batches.most_unconfirmed)
        self._reach_markers()
        if self.queue.overflowed and not self.queue.refuses:
            self.queue.overflowed = False
            self._outage.begin("they arrive faster than the messaging server confirms them")

    def _await_confirms(self, link: Link, most: int) -> None:
        """Wait until at most so many messages are unconfirmed."""
        options = self._options
        progress_at = self._clock()
        while (before := link.unconfirmed) > most:
            seconds = min(options.slow_seconds, options.look_seconds)
            if self.queue.refuses:
                seconds = self._measuring.go_on(seconds)
                self._settle()
            self._count(link.read_confirms(seconds))
            waited = self._clock() - progress_at
            if link.unconfirmed < before:
                progress_at = self._clock()
            elif self._closing or (waited >= options.silent_seconds and not self._awaits_relief(link)):
                raise TemporaryFailure(f"the messaging server has confirmed nothing for {waited:.0f} s")
            elif link.blocked or waited >= options.slow_seconds:
                self._begin_outage("the messaging server confirms nothing; it may be short of memory or disk space")
        self._count(link.take_confirms())  # of a link that learns them while it sends
        self._accept()

    def _accept(self) -> None:
        self._measuring.stop()
        self.queue.accept()

    def _awaits_relief(self, link: Link) -> bool:
        return link.blocked and self._options.waits_for_relief

    def _idle(self, link: Link) -> None:
        if self._reconnect.trusted:
            self._outage.end(self.counts)
        if not self.queue.wait(min(self._options.look_seconds, link.keep_alive_seconds)):
            self._count(link.read_confirms(0))

    def _count(self, confirmed: Confirmed) -> None:
        self._outcomes.confirmed(confirmed)
        if confirmed.taken:
            self._reconnect.confirmed()

    def _disconnected(self, reason: str, because_of_message: bool = False) -> None:
        link, self._link = self._link, None
        if link is None:
            self._reconnect.failed()
            self._begin_outage(reason)
        else:
            useless = self._reconnect.broke(in_outage=self._outage.active)
            lost = self._take_back(link, reason if because_of_message else None)
            link.discard()
            if useless:
                self._reconnect.failed()
            if useless or lost:
                self._begin_outage(reason)

    def _take_back(self, link: Link, fault: str | None) -> bool:
        """Remember what a broken link leaves in doubt; return whether any message is lost.

        :param fault: why the server closed the connection, if because of one of its messages.
        """
        self._count(link.take_confirms())
        unanswered = link.unanswered()
        if fault is not None:
            unanswered = self._outcomes.unacceptable(unanswered, self.queue.remembered, fault)
        self._outcomes.dropped += link.unconfirmed - len(unanswered)
        markers, self._waiting = self._waiting, []
        self.queue.take_back(cast(list[TaskMessage], unanswered), markers)
        return bool(unanswered) and (self._closing or not self.queue.remembers)

    def _begin_outage(self, reason: str) -> None:
        self.queue.refuse()
        self._outage.begin(reason)
        if self._closing:
            self.queue.drop_all(self._all_decided())
        self._settle()

    def _settle(self) -> None:
        self._waiting += self.queue.passed_markers()
        self._reach_markers()

    def _reach_markers(self) -> None:
        while self._waiting and self._all_decided():
            self._waiting.pop().reach(True)

    def _all_decided(self) -> bool:
        link = self._link
        return link is None or not link.unconfirmed
