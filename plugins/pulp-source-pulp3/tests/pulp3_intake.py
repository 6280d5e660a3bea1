"""The recording intake, with what the tests of this source need in addition."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pulp_notifiers.encoding import dumps
from pulp_notifiers.event import Event
from pulp_notifiers.task import TaskReport
from pulp_notifiers.testing.source import RecordingIntake


class WatchIntake(RecordingIntake):
    """Keeps everything in memory; reports must have a JSON form too.

    :ivar before_take: called before each ``take``; what it raises ends the source before anything is kept.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.before_take: Callable[[], None] = lambda: None

    def take(
        self,
        events: Sequence[Event] = (),
        reports: Sequence[TaskReport] = (),
        remember: Mapping[str, Any] | None = None,
        publish: bool = True,
    ) -> None:
        """Keep all of it, or raise and keep nothing."""
        self.before_take()
        for report in reports:
            dumps(report.document())
        super().take(events, reports, remember, publish)

    def states(self) -> list[tuple[str, str]]:
        """Return task and state of each report."""
        return [(report.task_id, report.state) for report in self.reports]
