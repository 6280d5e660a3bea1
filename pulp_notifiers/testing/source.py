"""An intake in memory, so that tests of a source see what it hands over.

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
"""For how long tests wait for what is sure to come."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What one call of ``take`` brought."""

    events: tuple[Event, ...]
    reports: tuple[TaskReport, ...]
    remember: Mapping[str, Any]
    publish: bool


class RecordingIntake:
    """Keeps in memory what a source hands over, under the rules of the real one.

    Values without a JSON form are refused, and each call of ``take`` counts as a whole or not at all.

    :param memory: what an earlier process remembered.
    :param wants: answers for the listeners; without it, somebody listens to everything.
    :param included: what they ask to be told beyond that, by event type; nothing of a type that is not named.
    :ivar taken: the calls of ``take`` that succeeded.
    :ivar told: the facts of each call of ``tell``.
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
        self.told: list[dict[str, Any]] = []
        self._memory = dict(memory or {})
        self._wants = wants
        self._included = dict(included or {})
        self._failures: list[Exception] = []
        self._changed = threading.Condition()
        self._ended: BaseException | bool = False

    @property
    def events(self) -> list[Event]:
        """Return all events taken, in order; those of task reports are not among them."""
        return [event for call in self.taken for event in call.events]

    @property
    def reports(self) -> list[TaskReport]:
        """Return all task reports taken, in order."""
        return [report for call in self.taken for report in call.reports]

    def fail_next(self, *failures: Exception) -> None:
        """Let the next calls of ``take`` raise these, one each, as when the database is away."""
        self._failures.extend(failures)

    def remembered(self) -> dict[str, Any]:
        """Return a copy of the memory."""
        copy: dict[str, Any] = json.loads(json.dumps(self._memory))
        return copy

    def wants(self, event_type: str, task_id: str | None = None) -> bool:
        """Answer for the listeners."""
        return self._wants(event_type, task_id)

    def included(self, event_type: str) -> frozenset[str]:
        """Answer for the listeners."""
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
            self.told.append(plain)
            self._changed.notify_all()

    tell = update_status

    def wait_until(self, reached: Callable[[], bool], timeout_seconds: float = PATIENCE_SECONDS) -> None:
        """Return when a condition on what was handed over is true.

        :raises AssertionError: it is not in time, or the source has ended before.
        """
        with self._changed:
            self._changed.wait_for(lambda: reached() or self._ended is not False, timeout_seconds)
            if not reached():
                end = f"run() ended with {self._ended!r}" if self._ended is not False else "time is up"
                raise AssertionError(f"The source has not come that far, and {end}: {self.taken}")

    @contextmanager
    def running(self, source: Source[Any], config: Any) -> Iterator[None]:
        """Run a source in a thread for as long as the block runs; what :meth:`Source.run` raised is raised at the end.

        :raises AssertionError: it does not end when asked to.
        """
        self.stopping.clear()
        self._ended = False
        thread = threading.Thread(target=self._run, args=(source, config), name="source-on-trial", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self.stopping.set()
            thread.join(PATIENCE_SECONDS)
        if thread.is_alive():
            raise AssertionError("run() does not end although intake.stopping is set")
        if isinstance(self._ended, BaseException):
            raise self._ended

    def _run(self, source: Source[Any], config: Any) -> None:
        ended: BaseException | bool = True
        try:
            source.run(config, self)
        except Exception as failure:  # noqa: BLE001  handed to the thread of the test
            ended = failure
        with self._changed:
            self._ended = ended
            self._changed.notify_all()
