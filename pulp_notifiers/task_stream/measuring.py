"""Renders what is remembered while nothing can be sent, because only a rendered report has a known size."""

import time
from collections.abc import Callable, Iterator

from ..task import TaskReport
from .batches import Batches
from .document import rendered
from .last_states import Entry
from .report_queue import ReportQueue

_SHARE = 0.03
"""Of a core, at most."""

_BURST_SECONDS = 0.001
_SHORTEST_PAUSE_SECONDS = 0.02


class Measuring:
    """Renders remembered reports in short bursts, each report at most once; a message takes less memory, too."""

    def __init__(self, queue: ReportQueue, batches: Batches, clock: Callable[[], float] = time.monotonic) -> None:
        self._queue = queue
        self._batches = batches
        self._clock = clock
        self._next: Iterator[tuple[Entry, TaskReport]] = iter(())
        self._pause_until = 0.0

    def go_on(self, longest_seconds: float) -> float:
        """Render some reports, unless the last burst is too recent; return when to call again, in seconds.

        :param longest_seconds: the answer if nothing is left to render.
        """
        if not self._queue.unrendered:
            return longest_seconds
        began = now = self._clock()
        if began >= self._pause_until:
            while now < began + _BURST_SECONDS and self._render_next():
                now = self._clock()
            self._pause_until = now + max((now - began) / _SHARE, _SHORTEST_PAUSE_SECONDS)
        return min(longest_seconds, self._pause_until - now)

    def stop(self) -> None:
        """Forget which reports are left, because they can be sent now; they would be kept in memory otherwise."""
        self._next = iter(())

    def _render_next(self) -> bool:
        following = next(self._next, None)
        if following is None:
            self._next = iter(self._queue.to_render())
            following = next(self._next, None)
        if following is None:
            return False
        entry, report = following
        if entry.item is report and not entry.gone:
            message = rendered(report)
            if self._queue.rendered(entry, report, message):
                self._batches.unrenderable += 1
        return True
