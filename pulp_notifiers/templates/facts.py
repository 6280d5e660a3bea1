"""The facts with which templates are rendered."""

from collections.abc import Iterable, Mapping
from typing import Any

from ..event import Event
from ..event_types import about
from ..notifier import ListenerInfo
from ..records import Listener
from ..templating import Path, event_facts, listener_facts, template_facts


def facts_of(event: Event, listener: ListenerInfo, target: str, attempt: int) -> dict[str, Any]:
    """Return what a template reads for one message; the same for every attempt, except its number."""
    return template_facts(
        event_facts(event),
        listener_facts(listener.id, listener.name, listener.description, listener.labels),
        about(event),
        target,
        attempt,
    )


def info_of(listener: Listener) -> ListenerInfo:
    """Return what a message may show of a listener."""
    return ListenerInfo(listener.id, listener.name or listener.id, listener.description, dict(listener.labels))


def stop_command(listener: ListenerInfo) -> str:
    """Return the command with which an administrator ends a listener's messages."""
    return f"pulp-notifiers listener disable {listener.name or listener.id}"


def example_listener(paths: Iterable[Path]) -> ListenerInfo:
    """Return a listener for a preview, with every label that a template reads: its value is its name."""
    labels: dict[str, str] = {}
    for path in paths:
        match path.names:
            case ("labels", str(name), *_) | ("listener", "labels", str(name), *_):
                labels[name] = name
    return ListenerInfo("0" * 24, "example", "A listener for a preview.", labels)


def merged(listener: ListenerInfo, labels: Mapping[str, str]) -> ListenerInfo:
    """Return a listener with further labels."""
    return ListenerInfo(listener.id, listener.name, listener.description, {**listener.labels, **labels})
