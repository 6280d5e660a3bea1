"""The task-status stream as its callers see it."""

import atexit
import logging
import os
import weakref
from collections.abc import Callable
from dataclasses import replace

from ..broker import MessagingSettings, StreamOpener, own_mark
from ..errors import InvalidSetting
from ..event import utc_now
from ..task import TaskReport
from .document import FORM
from .health import Counts, Health
from .options import StreamOptions
from .remedy import with_remedy
from .sender import Link, Sender
from .tally import Tally

_WITH_ALTERNATIVES = StreamOptions(silent_seconds=5.0, waits_for_relief=False)

_logger = logging.getLogger(__name__)


class StatusPublisher:
    """Publishes task reports, best effort: while the messaging server is away, only the last of each task is kept.

    Safe for threads and across a fork: the child starts with an empty queue, and with a thread and a connection of its
    own when it publishes.

    :param open_link: connects to the messaging server.
    """

    def __init__(self, open_link: Callable[[], Link], options: StreamOptions | None = None) -> None:
        self._open_link = open_link
        self._options = options or StreamOptions()
        self._sender = Sender(open_link, self._options)
        _publishers.add(self)
        atexit.register(self.close)

    @property
    def counts(self) -> Counts:
        """Return what became of this process's reports so far."""
        return self._sender.counts

    @property
    def health(self) -> Health:
        """Return the state of this process's stream."""
        return Health(True, self._sender.connected, self._sender.outage_since)

    def connect(self) -> None:
        """Connect in the background now, instead of with the first report, so that the log soon says if that fails."""
        self._sender.queue.wake()

    def publish(self, report: TaskReport) -> None:
        """Hand over a report, which must not be changed afterwards, and return at once; nothing is ever raised."""
        self._sender.queue.put(report)

    def flush(self, timeout_seconds: float) -> bool:
        """Return whether all reports handed over before were published or dropped within this time.

        While the messaging server is away, False after this time if the last state of a task is still to be sent.
        """
        return self._sender.flush(timeout_seconds)

    def close(self, timeout_seconds: float | None = None) -> None:
        """Publish what was handed over, as far as possible in time, and disconnect; later reports are dropped.

        :param timeout_seconds: None for that of the options.
        """
        atexit.unregister(self.close)
        self._sender.close(self._options.close_seconds if timeout_seconds is None else timeout_seconds)

    def restart_after_fork(self) -> None:
        """In a forked child: leave queue and connection to the parent, and start with new ones."""
        inherited, self._sender = self._sender, Sender(self._open_link, self._options)
        inherited.abandon()


class NoPublisher(StatusPublisher):
    """Publishes nothing, because ``event_notifications_enabled`` is false."""

    def __init__(self) -> None:
        """Need nothing."""

    @property
    def counts(self) -> Counts:
        """Return zeros."""
        return Counts()

    @property
    def health(self) -> Health:
        """Return that it is disabled."""
        return Health()

    def connect(self) -> None:
        """Do nothing."""

    def publish(self, report: TaskReport) -> None:
        """Do nothing."""

    def flush(self, timeout_seconds: float) -> bool:
        """Return True: nothing is outstanding."""
        return True

    def close(self, timeout_seconds: float | None = None) -> None:
        """Do nothing."""


class UnusablePublisher(NoPublisher):
    """Drops and counts every report, because the settings of the stream are wrong.

    :param problem: what to correct.
    """

    def __init__(self, problem: str) -> None:
        self._health = Health(enabled=True, outage_since=utc_now(), problem=problem)
        self._dropped = Tally()
        _publishers.add(self)

    @property
    def counts(self) -> Counts:
        """Return how many reports of this process were dropped."""
        return Counts(dropped=self._dropped.value())

    @property
    def health(self) -> Health:
        """Return that it drops everything, and why."""
        return self._health

    def publish(self, report: TaskReport) -> None:
        """Drop a report."""
        self._dropped.add()

    def restart_after_fork(self) -> None:
        """In a forked child: count from zero."""
        self._dropped = Tally()


def stream_of(settings: Callable[[], MessagingSettings], installation: str | None = None) -> StatusPublisher:
    """Return the publisher for the section ``[messaging]``; if that is wrong, one that drops everything.

    :param settings: reads the section.
    """
    try:
        return status_publisher(settings(), installation)
    except InvalidSetting as invalid:
        problem = f"{invalid} Correct that and restart, or set event_notifications_enabled to false."
        _logger.error("The task-status stream cannot be used, and every task change is dropped: %s", problem)
        return UnusablePublisher(problem)


def status_publisher(settings: MessagingSettings, installation: str | None = None) -> StatusPublisher:
    """Return the publisher for the section ``[messaging]``.

    :param installation: marks the messages, invisibly to other consumers, so that its own sources leave them out.
    """
    if not settings.event_notifications_enabled:
        return NoPublisher()
    form = FORM if installation is None else replace(FORM, mark=own_mark(installation))
    opener = StreamOpener(settings.status_broker(), form)
    # If there is another server, none is waited for long.
    options = _WITH_ALTERNATIVES if opener.choices > 1 else StreamOptions()
    options = replace(options, last_states=settings.event_notifications_last_states)
    return StatusPublisher(with_remedy(opener, settings), options)


_publishers: weakref.WeakSet[StatusPublisher] = weakref.WeakSet()


def _after_fork() -> None:
    for publisher in list(_publishers):
        publisher.restart_after_fork()


os.register_at_fork(after_in_child=_after_fork)
