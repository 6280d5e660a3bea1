"""Previews: what a template makes of an event."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..event import Event
from ..notifier import ListenerInfo
from ..plugin_host import LoadedNotifier
from .facts import example_listener, facts_of, merged
from .problems import InvalidParts, PartProblem
from .shelf import compiled


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
