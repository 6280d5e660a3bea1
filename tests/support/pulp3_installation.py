"""An installation whose source watches a Pulp 3, seen from both of its ends."""

import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from pulp_notifiers.app import App
from pulp_notifiers.event import utc_now
from pulp_notifiers.records import ListenerDraft, SourceDraft, SourceStatus
from pulp_notifiers.settings import Settings
from pulp_notifiers.testing.http import Answer, HttpReceiver, ReceivedRequest

from .pulp3_comparison import Told

_PATIENCE_SECONDS = 120.0
_LOOK_SECONDS = 0.1
_EVERYTHING = ("task.#", "repo.#")
_MANY = 1_000_000


@dataclass(frozen=True)
class Arrival:
    """An event as it came to the receiver."""

    event_id: str
    task: str
    event_type: str
    at: datetime


class Installation:
    """A state directory with a source and a listener for everything.

    The processes that work on it are started apart from it.
    """

    def __init__(self, folder: Path, app: App, arrived: Sequence[tuple[datetime, ReceivedRequest]]) -> None:
        self.folder = folder
        self._app = app
        self._arrived = arrived

    def environ(self, **settings: str) -> dict[str, str]:
        """Return the environment of a process that works on it.

        :param settings: of ``[notifiers]``, in capitals.
        """
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PULP_NOTIFIERS_")}
        own = {"STATE_DIRECTORY": str(self.folder / "state"), **settings}
        return {**kept, **{f"PULP_NOTIFIERS_{name}": value for name, value in own.items()}}

    def add_source(self, config: Mapping[str, Any]) -> None:
        """Add the source, which is called ``storm``."""
        self._app.sources.add(SourceDraft("storm", "pulp3", config))

    def status(self) -> SourceStatus:
        """Return how the source is."""
        return self._app.sources.status("storm")

    def written(self) -> int:
        """Return how many events were written so far."""
        return self._app.store.history.deliveries(limit=1)[0]

    def wait_for_polls(self, count: int) -> None:
        """Return when the source has polled so many times more.

        :raises AssertionError: it does not.
        """
        begun = utc_now()
        told: set[datetime] = set()

        def polled() -> bool:
            told_at = self.status().told_at
            if told_at is not None and told_at > begun:
                told.add(told_at)
            # The first of them may be about a poll that was under way.
            return len(told) > count

        _wait_until(polled, self.status)

    def wait_until_delivered(self) -> None:
        """Return when nothing is owed any more."""
        _wait_until(lambda: not self._app.store.history.backlog().pending, self._app.store.history.backlog)

    def told(self) -> tuple[list[Told], list[Told]]:
        """Return what the receiver got: with the times of when it was safe on disk, and of when it came."""
        written = {
            delivery.event_id: delivery.created_at for delivery in self._app.store.history.deliveries(limit=_MANY)[1]
        }
        arrivals = list(self._arrivals())
        safe = [Told(each.task, each.event_type, written[each.event_id]) for each in arrivals]
        return safe, [Told(each.task, each.event_type, each.at) for each in arrivals]

    def _arrivals(self) -> Iterator[Arrival]:
        known = set()
        for at, request in self._arrived:
            body = json.loads(request.body)
            event_id = request.headers["Pulp-Event-Id"]
            # By an attempt that the service took for a failure, which it may.
            repeated = event_id in known and request.headers["Pulp-Delivery-Attempt"] != "1"
            known.add(event_id)
            if not repeated:
                yield Arrival(event_id, body["call_report"]["task_id"], body["event_type"], at)


@contextmanager
def installation(folder: Path) -> Iterator[Installation]:
    """Give one that delivers to a receiver; its sources wait for a process that runs them."""
    arrived: list[tuple[datetime, ReceivedRequest]] = []

    def note(request: ReceivedRequest) -> Answer:
        arrived.append((utc_now(), request))
        return Answer()

    with ExitStack() as stack:
        receiver = stack.enter_context(HttpReceiver(note))
        settings = Settings({"notifiers": {"state_directory": str(folder / "state")}})
        app = stack.enter_context(App.from_settings(settings))
        app.listeners.create(ListenerDraft("http", {"url": receiver.url}, tuple(_EVERYTHING)))
        yield Installation(folder, app, arrived)


def command(*words: str) -> list[str]:
    """Return how to run ``pulp-notifiers``."""
    return [sys.executable, "-m", "pulp_notifiers", *words]


def _wait_until(reached: Callable[[], bool], told: Callable[[], object]) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not reached():
        assert time.monotonic() < deadline, told()
        time.sleep(_LOOK_SECONDS)
