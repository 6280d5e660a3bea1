"""The reports that wait to be sent: bounded, filled by any thread, emptied by one."""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import RLock

from ..task import TaskReport
from .document import TaskMessage
from .last_states import Entry, LastStates
from .marker import Marker
from .tally import Tally

_CLOSED = -1

_BURST = 256
"""Reports that are moved at once in an outage: one by one, each would cost its caller several times as much."""

_SLACK = 2048
"""Reports that other threads may put while one moves some; beyond that they wait for it."""


class ReportQueue:
    """A queue that moves its oldest reports to :class:`LastStates` when it has no room, and starts its reader.

    So what is remembered is always older than what is in the queue, and is taken first.

    Putting takes no lock while there is room. Otherwise a thread takes it to move many reports, its own and those of
    others. A signal handler may put too, whatever it interrupted: the lock is reentrant, and a report put while the
    same thread moves some is moved by that thread afterwards.

    :param start_reader: makes sure that a thread reads; returns False if none can be started.
    :param most_reports: in the queue.
    :ivar overflowed: there was no room for all reports; whoever handles that sets it to False.
    :ivar refuses: all reports are moved, sooner or later.
    """

    def __init__(self, start_reader: Callable[[], bool], most_reports: int, last_states: LastStates) -> None:
        self._start_reader = start_reader
        self._most_reports = self._limit = most_reports
        self._room = self._keep = 0
        self._last_states = last_states
        self._items: deque[TaskReport | Marker] = deque()
        self._overtaken: deque[Marker] = deque()  # left the queue before reports that were put earlier were taken
        self._place = 0  # of the last report that left the queue
        self.overflowed = False
        self._lock = RLock()
        self._moving = False
        self._dropped_after_close = Tally()
        self.refuses = False
        self._closed = False
        self._reader_waits = True
        self._bell: SimpleQueue[None] = SimpleQueue()  # unlike a condition, a signal handler may use it
        self._set_room()

    def __len__(self) -> int:
        """Return how many items can be taken."""
        return len(self._items) + len(self._last_states) + len(self._overtaken)

    @property
    def remembers(self) -> int:
        """Return for how many tasks the last state is remembered at most."""
        return self._last_states.most

    @property
    def remembered(self) -> int:
        """Return how many reports are remembered now."""
        return len(self._last_states)

    @property
    def unrendered(self) -> int:
        """Return how many remembered reports have not been rendered."""
        return self._last_states.unrendered

    def dropped_and_remembered(self) -> tuple[int, int]:
        """Return how many reports were dropped here so far, and how many are remembered now."""
        self._settle()
        with self._lock:
            return self._last_states.dropped + self._dropped_after_close.value(), len(self._last_states)

    def put(self, report: TaskReport) -> None:
        """Add a report; if there is no room, the oldest are moved."""
        items = self._items
        items.append(report)
        if len(items) > self._room:
            self._overflow()
        elif self._reader_waits:
            self.wake()

    def put_marker(self) -> Marker:
        """Add a marker and return it."""
        marker = Marker()
        self._items.append(marker)
        return marker

    def take(self) -> Entry | Marker:
        """Return and remove the oldest remembered report, or else the oldest item.

        A marker is returned once no report that was put before it is left.

        :raises Empty: there is nothing.
        """
        with self._lock:
            item: Entry | Marker | None = self._passed_marker()
            if item is None:
                item = self._last_states.take() if self._last_states else self._leave_queue()
        if len(self._items) > self._room:
            self._make_room()  # a report may have been put while the lock was taken
        return item

    def passed_markers(self) -> list[Marker]:
        """Return and remove the markers before which no report is left; in an outage, move all reports first."""
        self._settle()
        with self._lock:
            markers = []
            while (marker := self._passed_marker()) is not None:
                markers.append(marker)
        self._make_room()
        return markers

    def take_back(self, messages: Sequence[TaskMessage], markers: Iterable[Marker]) -> None:
        """Remember messages that were taken, and perhaps sent, unless a newer report makes them obsolete.

        Only the newest of each task is: if it arrived the first time, an older one must not follow it.

        :param messages: in the order taken.
        :param markers: taken and not reached, in the order taken.
        """
        with self._lock:
            newest: dict[str, TaskMessage] = {message.routing_key: message for message in messages}
            for message in reversed(messages):
                if newest[message.routing_key] is message:
                    self._last_states.put_back(message)
                else:
                    self._last_states.dropped += 1
            self._overtaken.extendleft(reversed(list(markers)))
        self._make_room()

    def to_render(self) -> list[tuple[Entry, TaskReport]]:
        """Return the remembered reports that have not been rendered."""
        with self._lock:
            entries = self._last_states.entries()
        self._make_room()
        return [(entry, item) for entry in entries if not isinstance(item := entry.item, TaskMessage)]

    def rendered(self, entry: Entry, report: TaskReport, message: TaskMessage | None) -> bool:
        """Keep a message in place of a report, unless a newer one has replaced it; forget it if there is none.

        :return: whether the report was forgotten.
        """
        with self._lock:
            current = entry.item is report and not entry.gone
            if current and message is not None:
                self._last_states.rendered(entry, message)
            elif current:
                self._last_states.remove(entry, str(report.task_id))
        self._make_room()
        return current and message is None

    def drop_all(self, decided: bool) -> None:
        """Drop every report, and reach every marker with this answer."""
        with self._lock:
            if self._closed:
                self._last_states.most = 0
            self._last_states.clear()
            markers = list(self._overtaken)
            self._overtaken.clear()
            while self._items:
                with suppress(IndexError):  # a report that was put after closing may leave at the other end
                    item = self._items.popleft()
                    if isinstance(item, Marker):
                        markers.append(item)
                    else:
                        self._last_states.dropped += 1
        for marker in markers:
            marker.reach(decided)

    def limit_bytes(self, most_bytes: int, bytes_each: float) -> None:
        """Limit the queue to ``most_bytes``, at ``bytes_each`` per report."""
        self._limit = max(1, min(self._most_reports, int(most_bytes / bytes_each)))
        self._last_states.mean_bytes = bytes_each
        self._set_room()

    def accept(self) -> None:
        """Keep new reports in the queue from now on, unless it is closed."""
        self._settle()
        self.refuses = False
        self._set_room()

    def refuse(self) -> None:
        """Move all reports from now on."""
        self.refuses = True
        self._set_room()
        self._settle()

    def close(self) -> None:
        """Drop new reports for ever."""
        self._closed = True
        self._room = _CLOSED

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

    def rest(self, seconds: float) -> None:
        """In the reader: wait for an interruption, at most this long, whatever is put."""
        with suppress(Empty):
            self._bell.get(timeout=seconds)

    def _set_room(self) -> None:
        keep = 0 if self.refuses else self._limit - self._limit // 16
        self._keep = min(keep, self._keep)  # never more than there is room for, as another thread sees it
        self._room = min(_BURST, self._limit) if self.refuses else self._limit
        self._keep = keep
        if self._closed:  # asked last, because another thread may close meanwhile
            self._room = _CLOSED

    def _overflow(self) -> None:
        if self._closed:
            self._drop_newest()
            return
        if not self.refuses:
            self.overflowed = True
            if self._reader_waits:
                self.wake()  # no thread could be started so far
        self._make_room()

    def _make_room(self) -> None:
        items, lock = self._items, self._lock
        while len(items) > self._room >= 0:
            # If another thread moves reports, it will move this one too; but it must not fall behind those that put.
            if not lock.acquire(blocking=False) and (len(items) <= self._room + _SLACK or not lock.acquire()):
                return
            try:
                if not self._move():
                    return
            finally:
                lock.release()

    def _settle(self) -> None:
        if self.refuses:
            with self._lock:
                self._move()
        self._make_room()  # a report may have been put while the lock was taken

    def _move(self) -> bool:
        """Move the oldest reports; return False in a signal handler, if the thread that it interrupted does that."""
        if self._moving:
            return False
        self._moving = True
        try:
            with suppress(IndexError):  # the last one may have been put after closing, and left at the other end
                self._move_down()
        finally:
            self._moving = False
        return True

    def _move_down(self) -> None:
        items, add = self._items, self._last_states.add
        while len(items) > self._keep and self._room >= 0:
            item = items.popleft()
            if type(item) is Marker:
                self._overtake(item)
                continue
            self._place = place = self._place + 1
            try:
                add(item, place)  # type: ignore[arg-type]
            except Exception:  # noqa: BLE001  it is no report, or its task has no usable id
                self._last_states.dropped += 1

    def _overtake(self, marker: Marker) -> None:
        marker.place = self._place
        while self._overtaken and self._overtaken[-1].given_up:
            self._overtaken.pop()  # else each flush in a long outage would leave one
        self._overtaken.append(marker)

    def _drop_newest(self) -> None:
        with suppress(IndexError):  # it has been taken
            newest = self._items.pop()
            if isinstance(newest, Marker):
                self._items.append(newest)
            else:
                self._dropped_after_close.add()

    def _passed_marker(self) -> Marker | None:
        if self._overtaken and self._overtaken[0].place < self._last_states.oldest_place:
            return self._overtaken.popleft()
        return None

    def _leave_queue(self) -> Entry | Marker:
        try:
            item = self._items.popleft()
        except IndexError:
            raise Empty from None
        if isinstance(item, Marker):
            item.place = self._place
            return item
        self._place += 1
        return Entry(self._place, item, False)
