"""Hands messages over in batches, each completely or not at all."""

import logging
from collections.abc import Sequence

from pulp_notifiers.broker import Received
from pulp_notifiers.event import Event
from pulp_notifiers.source import Intake
from pulp_notifiers.task import TaskReport

from .events import repository_events
from .memory import LatelySeen
from .reading import Unreadable, read

_logger = logging.getLogger(__name__)


class Batches:
    """Hands over the news in messages, and counts messages that are not tasks.

    :ivar received: all messages.
    :ivar refused: messages that are not tasks.
    """

    def __init__(self, intake: Intake) -> None:
        self._intake = intake
        self._seen = LatelySeen()
        self._logged_kinds: set[str] = set()
        self.received = self.refused = 0

    def hand_over(self, messages: Sequence[Received]) -> None:
        """Return once all news in them is on disk.

        :raises StoreUnavailable: nothing was written.
        :raises LeaseLost: another process runs this source now.
        """
        reports: list[TaskReport] = []
        events: list[Event] = []
        for report in filter(None, map(self._report, messages)):
            if self._seen.is_news(report):
                reports.append(report)
                events.extend(self._events(report))
                self._seen.note(report)
        if reports:
            # Not published again: consumers of the stream may read the exchange that these came from.
            self._intake.take(events=events, reports=reports, publish=False)
        self.received += len(messages)

    def _events(self, report: TaskReport) -> list[Event]:
        before = self._seen.state(report)
        events = repository_events(report, before, f"amqp:{self._intake.source}")
        return [event for event in events if self._intake.wants(event.type, report.task_id)]

    def _report(self, message: Received) -> TaskReport | None:
        try:
            return read(message)
        except Unreadable as problem:
            self.refused += 1
            if problem.kind not in self._logged_kinds:
                self._logged_kinds.add(problem.kind)
                _logger.warning(
                    "Source %s ignored a message that is not a task; others of this kind are only counted: %s",
                    self._intake.source,
                    problem,
                )
            return None
