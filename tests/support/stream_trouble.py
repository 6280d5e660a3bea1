"""Tasks that run while their messaging server is in trouble, and what consumers must have seen of them afterwards."""

from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import astuple, replace

from pulp_notifiers.backoff import Backoff
from pulp_notifiers.broker import MessagingSettings, StreamOpener
from pulp_notifiers.task import TaskReport
from pulp_notifiers.task_stream import StatusPublisher, StreamOptions
from pulp_notifiers.task_stream.document import FORM
from tests.support.waiting import wait_until

REPORTS = 20
"""Of each task; the last one is its end."""

_REPORT = TaskReport(id="57238b2aaca4886d97990601", task_id="", state="running")
_OPTIONS = StreamOptions(
    send_seconds=2.0,
    slow_seconds=0.3,
    silent_seconds=2.0,
    look_seconds=0.1,
    backoff=Backoff(0.02, 0.2),
)
"""Short waits: trouble is noticed soon, also where there is none, on a busy machine, which must do no harm either."""

Trouble = Callable[[], AbstractContextManager[None]]
Arrival = tuple[str, int]
"""Task id and number of a report."""


def in_outage(publisher: StatusPublisher) -> bool:
    """Return whether a publisher treats its server as away."""
    return publisher.health.outage_since is not None


def gave_up(publisher: StatusPublisher) -> bool:
    """Return whether a publisher has dropped its connection."""
    return not publisher.health.connected


def hasty_publisher(url: str, tasks: int) -> StatusPublisher:
    """Return a publisher that drops soon, and reconnects soon.

    :param tasks: at a time; it holds four reports of each.
    """
    options = replace(_OPTIONS, most_reports=4 * tasks, most_unconfirmed=2 * tasks, batch=min(128, tasks))
    settings = MessagingSettings(event_notifications_enabled=True, event_notification_url=url)
    broker = replace(settings.status_broker(), connect_seconds=2.0)
    return StatusPublisher(StreamOpener(broker, FORM, 2.0), options)


class Tasks:
    """Tasks whose reports go to several publishers.

    :param publishers: by name; each has tasks of its own.
    :param each: tasks of a publisher in each trouble.
    """

    def __init__(self, publishers: dict[str, StatusPublisher], each: int) -> None:
        self._publishers = publishers
        self._each = each
        self._begun = 0
        self._handed_over = 0
        self.names: dict[str, list[str]] = {name: [] for name in publishers}

    def run_through(
        self,
        trouble: Trouble,
        noticed: Callable[[StatusPublisher], bool] | None = None,
        spared: Container[str] = (),
    ) -> None:
        """Run tasks that are reported before, during and after trouble; half of them end during it.

        Return when every publisher has recovered.

        :param noticed: whether a publisher has noticed the trouble; None if it does not before its queue is full.
        :param spared: the publishers that the trouble does not affect.
        """
        new = range(self._begun, self._begun + self._each)
        self._begun += self._each
        for name, names in self.names.items():
            names.extend(f"{name}-{number}" for number in new)
        ending, lasting = new[: self._each // 2], new[self._each // 2 :]
        for number in range(1, 6):
            self._report(new, [number])
            self._flush()
        self._report(new, range(6, 9))  # in part still unconfirmed when the trouble begins
        with trouble():
            if noticed is not None:
                self._report(new, range(9, 12))
                self._await(noticed, spared)
            self._report(new, range(12, 16))
            self._report(ending, range(16, REPORTS + 1))
            self._await(in_outage, spared)
        self._report(lasting, range(16, REPORTS))
        self._await(lambda publisher: not in_outage(publisher))
        self._report(lasting, [REPORTS])
        self._flush()
        self._await(lambda publisher: not publisher.counts.remembered)

    @property
    def reports(self) -> int:
        """Return how many reports each publisher got."""
        return self._handed_over

    def _report(self, tasks: Sequence[int], numbers: Iterable[int]) -> None:
        for number in numbers:
            self._handed_over += len(tasks)
            state = "finished" if number == REPORTS else "running"
            for task in tasks:
                for name, publisher in self._publishers.items():
                    progress = {"number": number}
                    publisher.publish(replace(_REPORT, task_id=f"{name}-{task}", state=state, progress_report=progress))

    def _flush(self) -> None:
        for publisher in self._publishers.values():
            assert publisher.flush(60), publisher.counts

    def _await(self, claim: Callable[[StatusPublisher], bool], spared: Container[str] = ()) -> None:
        for name, publisher in self._publishers.items():
            if name in spared:
                continue
            wait_until(lambda: claim(publisher), lambda: (name, publisher.health, publisher.counts))  # noqa: B023


def assert_last_states(tasks: Tasks, publishers: dict[str, StatusPublisher], arrivals: Iterable[Arrival]) -> None:
    """Each task's end arrived, nothing older follows anything newer, and every report is counted once."""
    seen: dict[str, list[int]] = defaultdict(list)
    for task, number in arrivals:
        seen[task].append(number)
    for name, names in tasks.names.items():
        lost = [(task, seen[task]) for task in names if seen[task][-1:] != [REPORTS]]
        assert not lost, lost[:5]
        disordered = [(task, seen[task]) for task in names if seen[task] != sorted(seen[task])]
        assert not disordered, disordered[:5]
        counts = publishers[name].counts
        assert tasks.reports == sum(astuple(counts)), (tasks.reports, counts)
        assert counts.late > 0, counts
        assert counts.dropped > 0, counts
        # What was in doubt when a connection broke may have arrived, and then arrives a second time.
        assert counts.published + counts.late <= sum(len(seen[task]) for task in names), counts
