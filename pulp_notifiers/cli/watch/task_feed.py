"""The messages of the task-status stream, over outages of the messaging server."""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from ...backoff import Backoff
from ...errors import PermanentFailure, TemporaryFailure
from ..failures import RequestFailed
from .broker import CHECK_SETTING, broker_of

if TYPE_CHECKING:
    from ...broker import MessageBody, WatchOpener

EXCHANGE = "pulp.api.v2"
_CLOSE_SECONDS = 1.0
_RETRIES = Backoff(first_seconds=0.5, longest_seconds=5.0)


class Watch(Protocol):
    """An open connection (:class:`pulp_notifiers.broker.Watch`).

    :ivar resumed: whether its messages follow those of the last connection without a gap.
    """

    resumed: bool

    def receive(self, seconds: float) -> "Sequence[MessageBody]": ...
    def close(self, seconds: float) -> None: ...
    def discard(self) -> None: ...


class TaskFeed:
    """Receives the messages of tasks, and reconnects when the connection breaks.

    :param open_watch: connects; raises TemporaryFailure or PermanentFailure.
    :param notice: called with a sentence once when the connection breaks, and once when it is back.
    :param forget: called at the end, with seconds, to delete what the server still keeps for the next connection.
    :ivar outage: why there is no connection now, or None.
    :ivar unreadable: how many messages held no task.
    """

    def __init__(
        self,
        open_watch: Callable[[], Watch],
        notice: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        forget: Callable[[float], None] = lambda _seconds: None,
    ) -> None:
        self._open_watch = open_watch
        self._notice = notice
        self._clock = clock
        self._sleep = sleep
        self._forget = forget
        self._watch: Watch | None = open_watch()
        self._lost_at = self._due = 0.0
        self._failures = 0
        self.outage: str | None = None
        self.unreadable = 0

    def receive(self, seconds: float) -> Iterator[dict[str, Any]]:
        """Yield the documents that arrive; wait for the first one, but not much longer than this."""
        from ...broker import task_document

        for body in self._bodies(seconds):
            try:
                yield task_document(body)
            except ValueError as problem:
                if not self.unreadable:
                    self._notice(f"Ignoring messages that hold no task. The first one: {problem}")
                self.unreadable += 1

    @property
    def outage_seconds(self) -> float:
        """Return how long there has been no connection; 0 if there is one."""
        return 0.0 if self.outage is None else self._clock() - self._lost_at

    def close(self) -> None:
        """Disconnect."""
        watch, self._watch = self._watch, None
        if watch is not None:
            watch.close(_CLOSE_SECONDS)
        self._forget(_CLOSE_SECONDS)

    def _bodies(self, seconds: float) -> "Sequence[MessageBody]":
        watch = self._watch or self._connected_when_due(seconds)
        if watch is None:
            return []
        try:
            return watch.receive(seconds)
        except (TemporaryFailure, PermanentFailure) as failure:
            self._lose(failure.reason)
            return []

    def _lose(self, reason: str) -> None:
        watch, self._watch = self._watch, None
        if watch is not None:
            watch.discard()
        self.outage = reason
        self._failures = 0
        self._lost_at = self._due = self._clock()
        self._notice(f"Lost the connection to the messaging server; reconnecting: {reason}")

    def _connected_when_due(self, seconds: float) -> Watch | None:
        remaining = self._due - self._clock()
        if remaining > 0:
            self._sleep(min(remaining, seconds))
            return None
        try:
            self._watch = self._open_watch()
        except (TemporaryFailure, PermanentFailure) as failure:
            self.outage = failure.reason
            self._failures += 1
            self._due = self._clock() + _RETRIES.delay_seconds(self._failures)
            return None
        self.outage = None
        missed = "the changes in between follow" if self._watch.resumed else "changes in between may have been missed"
        self._notice(f"Reconnected after {self._clock() - self._lost_at:.0f} s; {missed}.")
        return self._watch


def open_feed(broker_url: str | None, task_id: str | None, notice: Callable[[str], None]) -> TaskFeed:
    """Connect to the messaging server of the settings, or to another.

    :param task_id: the only task to receive messages of, or None for all.
    :raises RequestFailed: the server cannot be reached, or refuses access.
    :raises InvalidSetting: the settings name no usable server.
    """
    from ...broker import WatchOpener

    opener = WatchOpener(broker_of(broker_url), EXCHANGE, f"tasks.{task_id or '#'}")
    try:
        return _opened(opener, notice)
    except (TemporaryFailure, PermanentFailure) as failure:
        reason = failure.reason[:1].upper() + failure.reason[1:].rstrip(".")
        raise RequestFailed(f"{reason}. {CHECK_SETTING}", os.EX_IOERR) from None


def _opened(opener: "WatchOpener", notice: Callable[[str], None]) -> TaskFeed:
    try:
        return TaskFeed(opener, notice, forget=opener.forget)
    except BaseException:
        opener.forget(_CLOSE_SECONDS)
        raise
