"""The intake: where one running source hands over what it found."""

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from ..dispatch import TaskEvents, is_writable, task_event
from ..encoding import unportable
from ..event import Event
from ..records import Kept, RegisteredSource
from ..task import TaskReport

_LONGEST_KEY = 255


class Dispatcher(Protocol):
    """Who writes events, and knows the wishes of listeners (:class:`pulp_notifiers.dispatch.Dispatcher`)."""

    def fire_all(self, events: Sequence[Event], kept: Kept | None = None) -> int: ...
    def wants(self, event_type: str, task_id: str | None = None) -> bool: ...
    def included(self, event_type: str) -> frozenset[str]: ...


@dataclass(frozen=True, slots=True)
class Engine:
    """What all sources of a process hand over to.

    :ivar installation: names this installation.
    :ivar memory: returns what a source remembers, by the source's id.
    :ivar publish: hands a report to the task-status stream; raises nothing.
    """

    installation: str
    dispatcher: Dispatcher
    task_events: TaskEvents
    memory: Callable[[str], dict[str, Any]]
    publish: Callable[[TaskReport], None]


class SourceIntake:
    """The intake of one source under one lease (:class:`pulp_notifiers.source.Intake`).

    :param owner: who holds the source's lease; what comes after it was lost is not written.
    :param worked: called with each sign that the source works, and with what it tells of itself if it does.
    """

    def __init__(
        self,
        engine: Engine,
        source: RegisteredSource,
        owner: str,
        worked: Callable[[Mapping[str, Any] | None], None] = lambda _facts: None,
    ) -> None:
        self.source = source.name
        self.installation = engine.installation
        self.stopping = threading.Event()
        self._engine = engine
        self._source = source
        self._owner = owner
        self._worked = worked
        self._said_by = f"{source.source_type}:{source.name}"

    def remembered(self) -> dict[str, Any]:
        """Return what the source remembers."""
        return self._engine.memory(self._source.id)

    def wants(self, event_type: str, task_id: str | None = None) -> bool:
        """Tell whether an event is worth making."""
        return self._engine.dispatcher.wants(event_type, task_id)

    def included(self, event_type: str) -> frozenset[str]:
        """Return what listeners of a type ask to be told beyond what it always carries."""
        return self._engine.dispatcher.included(event_type)

    def take(
        self,
        events: Sequence[Event] = (),
        reports: Sequence[TaskReport] = (),
        remember: Mapping[str, Any] | None = None,
        publish: bool = True,
    ) -> None:
        """Write all of it or nothing, then publish; see :meth:`pulp_notifiers.source.Intake.take`.

        :raises TypeError: an event or a value to remember has no JSON form.
        :raises ValueError: it holds a number that is not finite, or a key is not text of 1 to 255 characters.
        """
        if events or reports or remember:
            self._take(events, reports, _checked(remember or {}))
        for report in reports if publish else ():
            self._engine.publish(report)
        self._worked(None)

    def update_status(self, **facts: Any) -> None:
        """Replace what the status shows; see :meth:`pulp_notifiers.source.Intake.tell`.

        :raises TypeError: a fact has no JSON form.
        :raises ValueError: it holds what no answer could carry, such as a number that is not finite.
        """
        self._worked(plain_facts(facts))

    tell = update_status

    def _take(self, events: Sequence[Event], reports: Sequence[TaskReport], remember: Mapping[str, Any]) -> None:
        kept = Kept(self._source.id, self._owner, remember)
        news = self._engine.task_events.news(reports)
        of_tasks = [task_event(report, self._said_by) for report in news.reports]
        try:
            self._engine.dispatcher.fire_all([*of_tasks, *events], kept)
        except (TypeError, ValueError):
            # Which of them it was costs a look at each, so that is only looked for now.
            self._engine.dispatcher.fire_all([*filter(is_writable, of_tasks), *events], kept)
        self._engine.task_events.note(news)


def plain_facts(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return a copy of what a source tells of itself, in JSON's own types.

    :raises TypeError: a fact has no JSON form.
    :raises ValueError: it holds what no answer could carry.
    """
    copy: dict[str, Any] = json.loads(json.dumps(facts))
    flaw = unportable(copy)
    if flaw:
        raise ValueError(f"What a source tells of itself cannot be shown. {flaw}")
    return copy


def _checked(remember: Mapping[str, Any]) -> Mapping[str, Any]:
    for key in remember:
        if not isinstance(key, str) or not 0 < len(key) <= _LONGEST_KEY or unportable(key):
            raise ValueError(f"A source remembers values by texts of 1 to {_LONGEST_KEY} characters, not by {key!r}")
    json.dumps(dict(remember), allow_nan=False)
    return remember
