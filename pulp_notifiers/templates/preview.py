"""Previews: what a template makes of an event."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import InvalidTemplate, NotifierUnavailable
from ..event import Event
from ..event_types import UnknownEventType, matching, sample
from ..notifier import ListenerInfo
from ..plugin_host import LoadedNotifier
from ..records import TemplateDraft
from .facts import example_listener, facts_of, merged
from .problems import InvalidParts, PartProblem
from .shelf import Notifiers, compiled

_NO_SAMPLES = (
    "There are no recorded events of the types for which this template is written: give the id of a past event."
)


@dataclass(frozen=True, slots=True)
class Preview:
    """What a template makes of an event, or why it makes nothing.

    :ivar event: the event with which it was rendered.
    :ivar rendered: its parts; those that could be rendered, if there are problems.
    :ivar problems: each with its place.
    """

    event: Event
    rendered: Mapping[str, Any]
    problems: tuple[PartProblem, ...] = ()


def preview_parts(
    parts: Mapping[str, Any],
    notifier: LoadedNotifier,
    event: Event,
    listener: ListenerInfo | None = None,
    labels: Mapping[str, str] | None = None,
    target: str = "example@example.com",
) -> Preview:
    """Render parts with an event.

    :param listener: by default, an example that has every label that the template reads.
    :param labels: further labels of the listener.
    :raises NotifierUnavailable: the notifier declares its parts wrongly, or fails to judge them.
    """
    try:
        template = compiled(parts, notifier)
    except InvalidParts as invalid:
        return Preview(event, {}, invalid.found)
    info = merged(listener or example_listener(template.paths), labels or {})
    rendered, problems = template.render_each(facts_of(event, info, target, 1))
    if not problems:
        said = notifier.rendered_problem(rendered)
        problems = [PartProblem("", said)] if said else []
    return Preview(event, rendered, tuple(problems))


class Previews:
    """Shows what templates make of events.

    :param stored_event: returns an event that was fired, by its id; None if there is none.
    """

    def __init__(self, notifiers: Notifiers, stored_event: Callable[[str], Event | None]) -> None:
        self._notifiers = notifiers
        self._stored_event = stored_event

    def event(
        self,
        template: TemplateDraft,
        event_id: str | None = None,
        event_type: str | None = None,
        name: str | None = None,
    ) -> Event:
        """Return the event for a preview: one that was fired, or a recorded one.

        :param event_id: of an event that was fired.
        :param event_type: of a recorded event; by default, the first type for which the template is written.
        :param name: of the recorded event; by default, the most common one of its type.
        :raises InvalidTemplate: there is no such event; the problems have ``event``, ``event_type`` or ``sample``.
        """
        if event_id is not None:
            found = self._stored_event(event_id)
            if found is None:
                raise InvalidTemplate({"event": [f"No event has the id {event_id!r}; it may have been deleted."]})
            return found
        if event_type is None:
            types = matching(template.event_types)
            if not types:
                raise InvalidTemplate({"event_type": [_NO_SAMPLES]})
            event_type = types[0].name
        try:
            return sample(event_type, name).event
        except UnknownEventType as unknown:
            raise InvalidTemplate({"event_type" if name is None else "sample": [str(unknown)]}) from None

    def of(
        self,
        template: TemplateDraft,
        event: Event,
        listener: ListenerInfo | None = None,
        labels: Mapping[str, str] | None = None,
    ) -> Preview:
        """Return what a template makes of an event.

        :param listener: by default, an example that has every label that the template reads.
        :param labels: further labels of the listener.
        :raises InvalidTemplate: the notifier is not installed, or cannot be used.
        """
        try:
            return preview_parts(template.parts, self._notifiers.get(template.notifier_type), event, listener, labels)
        except NotifierUnavailable as unavailable:
            raise InvalidTemplate({"notifier_type": [unavailable.reason]}) from None
