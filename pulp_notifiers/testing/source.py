"""An intake in memory that shows what a source hands over.

::

    intake = RecordingIntake()
    with intake.running(MySource(), config):
        intake.wait_until(lambda: len(intake.events) == 3)
    assert {"position": 3} == intake.remembered()
"""

import json
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from ..encoding import dumps
from ..event import Event
from ..source import Source
from ..sources import plain_facts
from ..task import TaskReport

PATIENCE_SECONDS = 60.0
"""How long tests wait for something that must happen."""


@dataclass(frozen=True, slots=True)
class Taken:
    """The arguments of one call of ``take``."""

    events: tuple[Event, ...]
    reports: tuple[TaskReport, ...]
    remember: Mapping[str, Any]
    publish: bool


class RecordingIntake:
    """Keeps in memory what a source hands over, with the rules of the real intake.

    Values without a JSON form are refused, and each call of ``take`` succeeds as a whole or not at all.

    :param memory: what an earlier process remembered.
    :param wants: whether a listener matches an event type and a task; by default one matches everything.
    :param included: the additional facts that listeners ask for, by event type; by default none.
    :ivar taken: the calls of ``take`` that succeeded.
    :ivar status_updates: the facts of each call of ``update_status``.
    """

    def __init__(
        self,
        memory: Mapping[str, Any] | None = None,
        wants: Callable[[str, str | None], bool] = lambda _type, _task: True,
        source: str = "tried",
        installation: str = "0123456789abcdef",
        included: Mapping[str, Iterable[str]] | None = None,
    ) -> None:
        self.source = source
        self.installation = installation
        self.stopping = threading.Event()
        self.taken: list[Taken] = []
        self.status_updates: list[dict[str, Any]] = []
        self._memory = dict(memory or {})
        self._wants = wants
        self._included = dict(included or {})
        self._failures: list[Exception] = []
        self._changed = threading.Condition()
        self._ended: BaseException | bool = False

    @property
    def events(self) -> list[Event]:
        """Return all events taken, in order, without the task events of reports."""
        return [event for call in self.taken for event in call.events]

    @property
    def reports(self) -> list[TaskReport]:
        """Return all task reports taken, in order."""
        return [report for call in self.taken for report in call.reports]

    def fail_next(self, *failures: Exception) -> None:
        """Let the next calls of ``take`` raise these, one each, as if the database were unavailable."""
        self._failures.extend(failures)

    def remembered(self) -> dict[str, Any]:
        """Return a copy of the remembered values."""
        copy: dict[str, Any] = json.loads(json.dumps(self._memory))
        return copy

    def wants(self, event_type: str, task_id: str | None = None) -> bool:
        """Return whether a listener matches."""
        return self._wants(event_type, task_id)

    def included(self, event_type: str) -> frozenset[str]:
        """Return the additional facts that listeners ask for."""
        return frozenset(self._included.get(event_type, ()))

    def take(
        self,
        events: Sequence[Event] = (),
        reports: Sequence[TaskReport] = (),
        remember: Mapping[str, Any] | None = None,
        publish: bool = True,
    ) -> None:
        """Keep all of it, or raise and keep nothing."""
        if self._failures:
            raise self._failures.pop(0)
        for event in events:
            dumps(event.body())
        kept = json.loads(json.dumps(dict(remember or {}), allow_nan=False))
        with self._changed:
            self.taken.append(Taken(tuple(events), tuple(reports), kept, publish))
            merged = {**self._memory, **kept}
            self._memory = {key: value for key, value in merged.items() if value is not None}
            self._changed.notify_all()

    def update_status(self, **facts: Any) -> None:
        """Keep the facts."""
        plain = plain_facts(facts)
        with self._changed:
            self.status_updates.append(plain)
            self._changed.notify_all()

    tell = update_status

    @property
    def told(self) -> list[dict[str, Any]]:
        """Return ``status_updates``; the older name, kept for tests that use it."""
        return self.status_updates

    def wait_until(self, reached: Callable[[], bool], timeout_seconds: float = PATIENCE_SECONDS) -> None:
        """Return when a condition on what was handed over is true.

        :raises AssertionError: the source ended, or the time was up, before that.
        """
        with self._changed:
            self._changed.wait_for(lambda: reached() or self._ended is not False, timeout_seconds)
            if not reached():
                end = f"run() ended with {self._ended!r}" if self._ended is not False else "the time is up"
                raise AssertionError(f"The condition is not true, and {end}; taken so far: {self.taken}")

    @contextmanager
    def running(self, source: Source[Any], config: Any) -> Iterator[None]:
        """Run a source in a thread while the block runs; an error of :meth:`Source.run` is raised at the end.

        :raises AssertionError: the source does not stop.
        """
        self.stopping.clear()
        self._ended = False
        thread = threading.Thread(target=self._run, args=(source, config), name="source-under-test", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self.stopping.set()
            thread.join(PATIENCE_SECONDS)
        if thread.is_alive():
            raise AssertionError("run() does not return although intake.stopping is set")
        if isinstance(self._ended, BaseException):
            raise self._ended

    def _run(self, source: Source[Any], config: Any) -> None:
        ended: BaseException | bool = True
        try:
            source.run(config, self)
        except Exception as failure:  # noqa: BLE001  running() raises it in the test's thread
            ended = failure
        with self._changed:
            self._ended = ended
            self._changed.notify_all()
