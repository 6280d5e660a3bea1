"""Notifiers that tests install through real entry points; they keep their calls.

Each App has its own instance: ``app.registry.get(type).notifier``.
"""

import queue
import threading
from typing import Any

from pydantic import ConfigDict

from pulp_notifiers.event import Event
from pulp_notifiers.notifier import Notifier, NotifierConfig
from pulp_notifiers.plugin_host.handle_event import LegacyEvent

PATIENCE_SECONDS = 60.0


class AnyConfig(NotifierConfig):
    """Any options."""

    model_config = ConfigDict(frozen=True, extra="allow")


class Recording(Notifier[AnyConfig]):
    """Keeps its calls."""

    Config = AnyConfig

    def __init__(self) -> None:
        self._calls: queue.SimpleQueue[tuple[dict[str, Any], Event]] = queue.SimpleQueue()

    def send(self, event: Event, config: AnyConfig, target: str) -> None:
        """Keep config and event."""
        self._calls.put((config.model_dump(), event))

    def next_call(self) -> tuple[dict[str, Any], Event]:
        """Wait for the next call and return its config and event."""
        return self._calls.get(timeout=PATIENCE_SECONDS)

    def has_calls(self) -> bool:
        """Return whether there are calls that no test has taken."""
        return not self._calls.empty()


class Raising(Recording):
    """Keeps its calls and raises."""

    def send(self, event: Event, config: AnyConfig, target: str) -> None:
        """Fail in a way that the contract does not mention."""
        super().send(event, config, target)
        raise KeyError("boom")


class Hanging(Recording):
    """Keeps its calls, and returns only when it is released."""

    def __init__(self) -> None:
        super().__init__()
        self.released = threading.Event()

    def send(self, event: Event, config: AnyConfig, target: str) -> None:
        """Keep config and event, and wait."""
        super().send(event, config, target)
        self.released.wait(PATIENCE_SECONDS)


legacy_calls: queue.SimpleQueue[tuple[dict[str, Any], LegacyEvent]] = queue.SimpleQueue()


def handle_event(notifier_config: dict[str, Any], event: LegacyEvent) -> None:
    """Keep a call in Pulp 2's form."""
    legacy_calls.put((notifier_config, event))
