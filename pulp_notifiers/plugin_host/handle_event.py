"""The adapter for plugins in Pulp 2's form: ``handle_event(notifier_config, event)``."""

import copy
from collections.abc import Callable
from typing import Any

from pydantic import BaseModel, ConfigDict

from ..event import Event
from ..notifier import Notifier


class LegacyConfig(BaseModel):
    """Accepts any options, because a Pulp 2 style notifier declares none."""

    model_config = ConfigDict(frozen=True, extra="allow")


class LegacyEvent:
    """An event as Pulp 2 handed it to ``handle_event``: three attributes and ``data()``."""

    def __init__(self, event: Event) -> None:
        body = copy.deepcopy(event.body())
        self.event_type: str = body["event_type"]
        self.payload: dict[str, Any] = body["payload"]
        self.call_report: dict[str, Any] | None = body["call_report"]

    def data(self) -> dict[str, Any]:
        """Return the envelope that Pulp 2 sent."""
        return {"event_type": self.event_type, "payload": self.payload, "call_report": self.call_report}


class HandleEventNotifier(Notifier[LegacyConfig]):
    """Calls a Pulp 2 style ``handle_event(notifier_config, event)``; any exception is a failed attempt."""

    Config = LegacyConfig

    def __init__(self, handle_event: Callable[[dict[str, Any], LegacyEvent], object]) -> None:
        self._handle_event = handle_event

    def send(self, event: Event, config: LegacyConfig, target: str) -> None:
        """Call the function with copies, because Pulp 2's own notifiers changed their arguments."""
        self._handle_event(copy.deepcopy(config.model_dump()), LegacyEvent(event))
