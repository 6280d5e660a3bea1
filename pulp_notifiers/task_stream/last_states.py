"""The newest report of each task that could not be sent in time: ends before progress, bounded in number and bytes."""

from collections import OrderedDict
from math import inf

from ..task import FINAL_TASK_STATES, TaskReport
from .document import TaskMessage

_PRIOR = 16
"""As much as this many rendered messages counts the mean size of messages that were sent."""


class Entry:
    """A report on its way to the server.

    :ivar place: its position among all reports of the process.
    :ivar item: the report, or its message if it was rendered.
    :ivar gone: it is not remembered any more.
    :ivar late: it was remembered.
    """

    __slots__ = ("gone", "item", "late", "place")

    def __init__(self, place: int, item: TaskReport | TaskMessage, late: bool) -> None:
        self.place = place
        self.item = item
        self.late = late
        self.gone = False


class LastStates:
    """Remembers at most one end and one later progress of each task; what they replace is dropped and counted.

    A task's progress here is always newer than its end here. A new report takes the place of the one that it replaces,
    so that a task that reports often does not wait for ever. Not locked: its owner does that.

    :param most: tasks; the oldest progress is dropped for a new one, then the oldest end. 0 remembers nothing.
    :param most_bytes: of all messages together; those not rendered yet count with the mean.
    :ivar mean_bytes: mean size of the messages that were sent before; 0 if none was.
    :ivar unrendered: how many of the entries have not been rendered.
    :ivar dropped: how many reports were dropped here so far.
    """

    def __init__(self, most: int, most_bytes: int) -> None:
        self.most = most
        self._most_bytes = most_bytes
        # OrderedDict, because taking the first key of a dict costs time for all that were removed before it.
        self._ends: OrderedDict[str, Entry] = OrderedDict()
        self._progress: OrderedDict[str, Entry] = OrderedDict()
        self._bytes = 0  # of the messages
        self.unrendered = 0
        self.mean_bytes = 0.0
        self.dropped = 0

    def __len__(self) -> int:
        return len(self._ends) + len(self._progress)

    @property
    def oldest_place(self) -> float:
        """Return the place of the oldest entry; infinite if there is none."""
        return min((next(iter(states.values())).place for states in self._both if states), default=inf)

    def add(self, report: TaskReport, place: int) -> None:
        """Remember a report that is newer than all that are here."""
        if not self.most:
            self.dropped += 1
            return
        task = report.task_id
        if type(task) is not str:
            task = str(task)  # as in the routing key
        if report.state in FINAL_TASK_STATES:
            states = self._ends
            if (progress := self._progress.pop(task, None)) is not None:
                self._drop(progress)
        else:
            states = self._progress
        entry = states.get(task)
        if entry is not None:
            self.dropped += 1
            if type(entry.item) is TaskMessage:
                self._bytes -= len(entry.item.body)
                self.unrendered += 1
            entry.item = report
            return
        states[task] = Entry(place, report, True)
        self.unrendered += 1
        if self._is_over():
            self._evict()

    def put_back(self, message: TaskMessage) -> None:
        """Remember a message that is older than all that are here, unless a newer one makes it obsolete."""
        task = message.routing_key.removeprefix("tasks.")
        states = self._ends if message.final else self._progress
        if not self.most or task in self._ends or task in states:
            self.dropped += 1
            return
        states[task] = Entry(message.place, message, True)
        states.move_to_end(task, last=False)
        self._bytes += len(message.body)
        self._evict()

    def take(self) -> Entry:
        """Return and forget the oldest end, or the oldest progress if there is no end.

        :raises KeyError: nothing is remembered.
        """
        entry = (self._ends or self._progress).popitem(last=False)[1]
        self._left(entry)
        return entry

    def entries(self) -> list[Entry]:
        """Return all entries."""
        return [*self._ends.values(), *self._progress.values()]

    def rendered(self, entry: Entry, message: TaskMessage) -> None:
        """Keep a message in place of the report that an entry holds."""
        entry.item = message
        self.unrendered -= 1
        self._bytes += len(message.body)
        if len(message.body) > self._most_bytes:
            self.remove(entry, message.routing_key.removeprefix("tasks."))
            self.dropped += 1
        self._evict()

    def remove(self, entry: Entry, task: str) -> None:
        """Forget an entry without counting it."""
        for states in self._both:
            if states.get(task) is entry:
                del states[task]
                self._left(entry)

    def clear(self) -> None:
        """Drop all entries."""
        for states in self._both:
            while states:
                self._drop(states.popitem(last=False)[1])

    @property
    def _both(self) -> tuple[OrderedDict[str, Entry], OrderedDict[str, Entry]]:
        return self._ends, self._progress

    def _is_over(self) -> bool:
        count = len(self._ends) + len(self._progress)
        if count > self.most:
            return True
        mean = (self._bytes + _PRIOR * self.mean_bytes) / (count - self.unrendered + _PRIOR)
        return self._bytes + self.unrendered * mean > self._most_bytes

    def _evict(self) -> None:
        while self._is_over():
            states = self._progress or self._ends
            self._drop(states.popitem(last=False)[1])

    def _drop(self, entry: Entry) -> None:
        self.dropped += 1
        self._left(entry)

    def _left(self, entry: Entry) -> None:
        if type(entry.item) is TaskMessage:
            self._bytes -= len(entry.item.body)
        else:
            self.unrendered -= 1
        entry.gone = True
