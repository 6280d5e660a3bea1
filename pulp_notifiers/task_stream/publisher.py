"""The task-status stream as its callers see it."""

import atexit
import os
import weakref
from collections.abc import Callable
from dataclasses import replace

from ..broker import MessagingSettings, StreamOpener, own_mark
from ..task import TaskReport
from .document import FORM
from .health import Counts, Health, StreamOptions
from .line import Line, Link

_WITH_ALTERNATIVES = StreamOptions(silent_seconds=5.0, waits_for_relief=False)


class StatusPublisher:
    """Publishes task reports, best effort: none is kept while the messaging server is away.

    Safe for threads and over a fork: the child begins with an empty queue, and with a thread and a connection of its
    own when it publishes.

    :param open_link: connects to the messaging server.
    """

    def __init__(self, open_link: Callable[[], Link], options: StreamOptions | None = None) -> None:
        self._open_link = open_link
        self._options = options or StreamOptions()
        self._line = Line(open_link, self._options)
        _publishers.add(self)
        atexit.register(self.close)

    @property
    def counts(self) -> Counts:
        """Return what became of this process's reports so far."""
        return self._line.counts

    @property
    def health(self) -> Health:
        """Return how the stream of this process is."""
        line = self._line
        return Health(True, line.link is not None, line.outage.since)

    def publish(self, report: TaskReport) -> None:
        """Hand over a report, which must not be changed afterwards, and return at once; nothing is ever raised."""
        self._line.offer(report)

    def flush(self, timeout_seconds: float) -> bool:
        """Wait until what was handed over before is published or dropped; tell whether that was so in time."""
        return self._line.flush(timeout_seconds)

    def close(self, timeout_seconds: float | None = None) -> None:
        """Publish what was handed over, as far as that goes in time, and disconnect; later reports are dropped.

        :param timeout_seconds: None for what the options say.
        """
        atexit.unregister(self.close)
        self._line.close(self._options.farewell_seconds if timeout_seconds is None else timeout_seconds)

    def begin_anew(self) -> None:
        """In a forked child: leave queue and connection to the parent."""
        inherited, self._line = self._line, Line(self._open_link, self._options)
        inherited.abandon()


class NoPublisher(StatusPublisher):
    """Publishes nothing, because ``event_notifications_enabled`` is false."""

    def __init__(self) -> None:
        """Need nothing."""

    @property
    def counts(self) -> Counts:
        """Return that there was nothing."""
        return Counts()

    @property
    def health(self) -> Health:
        """Return that it is switched off."""
        return Health()

    def publish(self, report: TaskReport) -> None:
        """Do nothing."""

    def flush(self, timeout_seconds: float) -> bool:
        """Tell that nothing is outstanding."""
        return True

    def close(self, timeout_seconds: float | None = None) -> None:
        """Do nothing."""


def status_publisher(settings: MessagingSettings, installation: str | None = None) -> StatusPublisher:
    """Return the publisher that the section ``[messaging]`` asks for.

    :param installation: marks the messages, where nobody else sees it, so that its own sources leave them out.
    """
    if not settings.event_notifications_enabled:
        return NoPublisher()
    form = FORM if installation is None else replace(FORM, mark=own_mark(installation))
    opener = StreamOpener(settings.status_broker(), form)
    # Where there is another server, nobody waits for this one.
    return StatusPublisher(opener, _WITH_ALTERNATIVES if opener.choices > 1 else None)


_publishers: weakref.WeakSet[StatusPublisher] = weakref.WeakSet()


def _after_fork() -> None:
    for publisher in list(_publishers):
        publisher.begin_anew()


os.register_at_fork(after_in_child=_after_fork)
