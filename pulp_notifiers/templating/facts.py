"""The names that conditions and templates can read, and how they are filled: with plain JSON values only."""

import json
from collections.abc import Mapping
from typing import Any

from ..event import Event

CONDITION_NAMES = frozenset({"event", "payload", "report", "labels", "listener"})
"""What a condition sees."""

TEMPLATE_NAMES = CONDITION_NAMES | {"about", "target", "attempt"}
"""What a template sees."""


def event_facts(event: Event) -> dict[str, Any]:
    """Return what conditions and templates read of an event.

    Payload and report are what is sent: values that JSON lacks have their extended forms.
    """
    payload, report = event.encoded()
    return {
        "event": {
            "id": str(event.id),
            "type": event.type,
            "occurred_at": event.occurred_at.isoformat(),
            "source": event.source,
        },
        "payload": json.loads(payload),
        "report": None if report is None else json.loads(report),
    }


def listener_facts(listener_id: str, name: str, description: str, labels: Mapping[str, str]) -> dict[str, Any]:
    """Return what conditions and templates read of a listener."""
    own = dict(labels)
    return {"listener": {"id": listener_id, "name": name, "description": description, "labels": own}, "labels": own}


def condition_facts(of_event: Mapping[str, Any], of_listener: Mapping[str, Any]) -> dict[str, Any]:
    """Return the facts for a condition, from those of the event and of the listener."""
    return {**of_event, **of_listener}


def template_facts(
    of_event: Mapping[str, Any], of_listener: Mapping[str, Any], about: Mapping[str, Any], target: str, attempt: int
) -> dict[str, Any]:
    """Return the facts for a template: also what the event is about, where it goes, and which attempt this is."""
    return {**of_event, **of_listener, "about": dict(about), "target": target, "attempt": attempt}
