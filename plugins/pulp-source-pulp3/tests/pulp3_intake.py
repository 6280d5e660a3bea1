"""An intake in memory under the rules of the real one, for tests of the source."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from pulp_notifiers.encoding import dumps
from pulp_notifiers.event import Event
from pulp_notifiers.source import Source
from pulp_notifiers.task import TaskReport

PATIENCE_SECONDS = 60.0


class MemoryIntake:
    """Takes all of a call or nothing of it; keeps events, reports and what is to be remembered.

    :ivar largest: how many events and reports one call brought at most.
    """

    source = "tried"
    installation = "0123456789abcdef"

    def __init__(self, memory: Mapping[str, Any] | None = None) -> None:
        self.stopping = threading.Event()
        self.events: list[Event] = []
        self.reports: list[TaskReport] = []
        self.told: list[dict[str, Any]] = []
        self.memory: dict[str, Any] = dict(memory or {})
        self.largest = 0
        self.calls = 0
        self.before_take: Callable[[], None] = lambda: None
        self._changed = threading.Condition()
        self._ended: BaseException | bool | None = False

    def remembered(self) -> dict[str, Any]:
        copy: dict[str, Any] = json.loads(json.dumps(self.memory))
        return copy

    def wants(self, event_type: str, task_id: str | None = None) -> bool:
        return True

    def take(
        self,
        events: Sequence[Event] = (),
        reports: Sequence[TaskReport] = (),
        remember: Mapping[str, Any] | None = None,
        publish: bool = True,
    ) -> None:
        self.before_take()
        for event in events:
            dumps(event.body())
        for report in reports:
            dumps(report.document())
        kept = json.loads(json.dumps(dict(remember or {}), allow_nan=False))
        with self._changed:
            self.calls += 1
            self.largest = max(self.largest, len(events) + len(reports))
            self.events.extend(events)
            self.reports.extend(reports)
            merged = {**self.memory, **kept}
            self.memory = {key: value for key, value in merged.items() if value is not None}
            self._changed.notify_all()

    def tell(self, **facts: Any) -> None:
        with self._changed:
            self.told.append(json.loads(json.dumps(facts, allow_nan=False)))
            self._changed.notify_all()

    def states(self) -> list[tuple[str, str]]:
        """Return task and state of each report."""
        return [(report.task_id, report.state) for report in self.reports]

    def wait_until(self, reached: Callable[[], bool]) -> None:
        """Return when something was handed over; what ended the source before is raised."""
        with self._changed:
            done = self._changed.wait_for(lambda: reached() or self._ended is not False, PATIENCE_SECONDS)
            if isinstance(self._ended, BaseException):
                raise self._ended
            assert done, f"time is up; {len(self.reports)} reports, told {self.told[-1:]}"
            assert reached(), f"the source ended; {len(self.reports)} reports, told {self.told[-1:]}"

    @contextmanager
    def running(self, source: Source[Any], config: Any) -> Iterator[None]:
        """Run a source for as long as the block runs; what it raised is raised at the end."""
        self.stopping.clear()
        self._ended = False
        thread = threading.Thread(target=self._run, args=(source, config), daemon=True)
        thread.start()
        try:
            yield
        finally:
            self.stopping.set()
            thread.join(PATIENCE_SECONDS)
        assert not thread.is_alive()
        if isinstance(self._ended, BaseException):
            raise self._ended

    def _run(self, source: Source[Any], config: Any) -> None:
        ended: BaseException | None = None
        try:
            source.run(config, self)
        except Exception as failure:  # noqa: BLE001  handed to the test's thread
            ended = failure
        with self._changed:
            self._ended = ended
            self._changed.notify_all()
