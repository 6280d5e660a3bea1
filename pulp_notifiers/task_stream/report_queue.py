"""The reports that wait to be sent: bounded, filled by any thread, emptied by one."""

from collections import deque
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue

from ..task import TaskReport
from .marker import Marker
from .tally import Tally


class ReportQueue:
    """A queue that drops what it has no room for, and starts its reader when the first report comes.

    It has no lock, so that even a signal handler may put a report, whatever it interrupted.

    :param start_reader: makes sure that a thread reads; returns False if none can be started.
    :param most_reports: more are dropped.
    :ivar refuses: new reports are dropped, however much room there is.
    """

    def __init__(self, start_reader: Callable[[], bool], most_reports: int) -> None:
        self._start_reader = start_reader
        self._most_reports = self._room = most_reports
        self._items: deque[TaskReport | Marker] = deque()
        self._dropped = Tally()
        self.refuses = False
        self._closed = False
        self._reader_waits = True
        self._bell: SimpleQueue[None] = SimpleQueue()  # unlike a condition, a signal handler may use it

    def __len__(self) -> int:
        return len(self._items)

    @property
    def dropped(self) -> int:
        """Return how many reports were dropped here so far."""
        return self._dropped.value()

    def put(self, report: TaskReport) -> None:
        """Add a report, or drop it if the queue is full or refuses reports."""
        if self.refuses or len(self._items) >= self._room:
            self._dropped.add()
            return
        self._items.append(report)
        if self._reader_waits:
            self.wake()

    def put_marker(self) -> Marker:
        """Add a marker, whether there is room or not, and return it."""
        marker = Marker()
        self._items.append(marker)
        return marker

    def take(self) -> TaskReport | Marker:
        """Return and remove the oldest item.

        :raises Empty: there is none.
        """
        try:
            return self._items.popleft()
        except IndexError:
            raise Empty from None

    def drop_all(self, decided: bool) -> None:
        """Drop every report, and reach every marker with this answer."""
        while self._items:
            with suppress(Empty):  # another thread may be faster
                item = self.take()
                if isinstance(item, Marker):
                    item.reach(decided)
                else:
                    self._dropped.add()

    def limit_bytes(self, most_bytes: int, bytes_each: float) -> None:
        """Limit the queue to ``most_bytes``, at ``bytes_each`` per report."""
        self._room = max(1, min(self._most_reports, int(most_bytes / bytes_each)))

    def accept(self) -> None:
        """Add new reports from now on, unless the queue is closed."""
        self.refuses = self._closed

    def refuse(self) -> None:
        """Drop new reports from now on."""
        self.refuses = True

    def close(self) -> None:
        """Drop new reports for ever."""
        self._closed = self.refuses = True

    def wake(self) -> bool:
        """Start or wake the reader; return False if it cannot be started."""
        self._reader_waits = False
        if not self._start_reader():
            self._reader_waits = True
            return False
        self.interrupt()
        return True

    def interrupt(self) -> None:
        """End the reader's wait."""
        self._bell.put(None)

    def wait(self, seconds: float) -> bool:
        """In the reader: return True as soon as there is something to do, False if there is not within this time."""
        self._reader_waits = True
        try:
            if not self._items and not self._closed:
                self._bell.get(timeout=seconds)
        except Empty:
            return False
        finally:
            self._reader_waits = False
        return True
