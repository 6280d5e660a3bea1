"""The intake: where one running source hands over events and task reports."""

import json
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol
from uuid import UUID

from ..dispatch import TaskEvents, is_writable
from ..encoding import unportable
from ..event import Event, derived_id, is_derived
from ..records import Kept, RegisteredSource
from ..task import TaskReport

_LONGEST_KEY = 255
_IDS = UUID("c6a5d2fb-8f0b-4b5e-9d39-57c3f1f06b52")  # never change it: events would get other ids and be sent again


class Dispatcher(Protocol):
    """Writes events and knows what listeners match (:class:`pulp_notifiers.dispatch.Dispatcher`)."""

    def fire_all(self, events: Sequence[Event], kept: Kept | None = None) -> int: ...
    def wants(self, event_type: str, task_id: str | None = None) -> bool: ...
    def included(self, event_type: str) -> frozenset[str]: ...


@dataclass(frozen=True, slots=True)
class Engine:
    """The parts that the intakes of all sources of a process use.

    :ivar installation: id of this installation.
    :ivar memory: returns what a source remembers, given the source's id.
    :ivar publish: hands a report to the task-status stream; raises nothing.
    """

    installation: str
    dispatcher: Dispatcher
    task_events: TaskEvents
    memory: Callable[[str], dict[str, Any]]
    publish: Callable[[TaskReport], None]


class SourceIntake:
    """The intake of one source under one lease (:class:`pulp_notifiers.source.Intake`).

    :param owner: the holder of the source's lease; once the lease is lost, nothing more is written.
    :param worked: called with each sign that the source works; with the facts if it reports its status, else None.
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
        self._origin = f"{source.source_type}:{source.name}"

    def remembered(self) -> dict[str, Any]:
        """Return what the source remembers."""
        return self._engine.memory(self._source.id)

    def wants(self, event_type: str, task_id: str | None = None) -> bool:
        """Return whether an event is worth making."""
        return self._engine.dispatcher.wants(event_type, task_id)

    def included(self, event_type: str) -> frozenset[str]:
        """Return what listeners of an event type ask to be included in it."""
        return self._engine.dispatcher.included(event_type)

    def take(
        self,
        events: Sequence[Event] = (),
        reports: Sequence[TaskReport] = (),
        remember: Mapping[str, Any] | None = None,
        publish: bool = True,
    ) -> None:
        """Write all of it or nothing, then publish the reports; see :meth:`pulp_notifiers.source.Intake.take`.

        :raises TypeError: an event or a value to remember has no JSON form.
        :raises ValueError: one contains a number that is not finite, or a key is not text of 1 to 255 characters.
        """
        if events or reports or remember:
            self._take(events, reports, _checked(remember or {}))
        for report in reports if publish else ():
            self._engine.publish(report)
        self._worked(None)

    def update_status(self, **facts: Any) -> None:
        """Replace what the status shows; see :meth:`pulp_notifiers.source.Intake.update_status`.

        :raises TypeError: a fact has no JSON form.
        :raises ValueError: a fact contains what no JSON answer can, such as a number that is not finite.
        """
        self._worked(plain_facts(facts))

    tell = update_status

    def _take(self, events: Sequence[Event], reports: Sequence[TaskReport], remember: Mapping[str, Any]) -> None:
        kept = Kept(self._source.id, self._owner, remember)
        news = self._engine.task_events.news(reports, self._origin)
        events = list(_protected(events))
        try:
            self._engine.dispatcher.fire_all([*news.events, *events], kept)
        except (TypeError, ValueError):
            # Checking each of them is expensive, so it is only done now.
            self._engine.dispatcher.fire_all([*filter(is_writable, news.events), *events], kept)
        self._engine.task_events.note(news)


def _protected(events: Iterable[Event]) -> Iterable[Event]:
    """Yield events with ids that nobody else can take: a plugin may derive ids that others can foresee."""
    for event in events:
        yield event if is_derived(event.id) else replace(event, id=derived_id(_IDS, str(event.id)))


def plain_facts(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return a copy of the facts that a source reports about itself, in JSON's own types.

    :raises TypeError: a fact has no JSON form.
    :raises ValueError: a fact contains what no JSON answer can.
    """
    copy: dict[str, Any] = json.loads(json.dumps(facts))
    flaw = unportable(copy)
    if flaw:
        raise ValueError(f"The status that the source reported cannot be shown. {flaw}")
    return copy


def _checked(remember: Mapping[str, Any]) -> Mapping[str, Any]:
    for key in remember:
        if not isinstance(key, str) or not 0 < len(key) <= _LONGEST_KEY or unportable(key):
            raise ValueError(f"A source remembers values under keys of 1 to {_LONGEST_KEY} characters, not {key!r}.")
    json.dumps(dict(remember), allow_nan=False)
    return remember
