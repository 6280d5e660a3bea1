"""The events that are fired."""

import json
from functools import cache
from typing import Any

from pulp_notifiers.event import Event

EVENT_TYPE = "repo.sync.finish"
REPOSITORIES = 50
BYTES = 1536
"""Of a body."""

NUMBER = b'"number": '
"""Precedes the event's number in the body, for receivers that do not parse it."""


def event(number: int, repositories: int = REPOSITORIES) -> Event:
    """Return an event; its body has 1.5 KB and contains the number."""
    return Event(EVENT_TYPE, _payload(number, repositories, _steps()))


def body(number: int) -> dict[str, Any]:
    """Return the same body for senders that have no events."""
    return {"event_type": EVENT_TYPE, "payload": _payload(number, REPOSITORIES, _steps()), "call_report": None}


def text(number: int) -> str:
    """Return the same body as a text for people, as mails have it."""
    return json.dumps(body(number), indent=4)


@cache
def _steps() -> list[dict[str, Any]]:
    steps: list[dict[str, Any]] = []
    while len(json.dumps(Event(EVENT_TYPE, _payload(0, 1, steps)).body())) < BYTES:
        steps.append({"step_id": str(len(steps)), "state": "FINISHED", "items_total": 1400, "items_processed": 1400})
    return steps


def _payload(number: int, repositories: int, steps: list[dict[str, Any]]) -> dict[str, Any]:
    repository = f"repository-{number % repositories}"
    return {"number": number, "repo_id": repository, "result": "success", "error_message": None, "steps": steps}
