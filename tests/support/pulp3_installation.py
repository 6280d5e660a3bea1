"""An installation whose source watches a Pulp 3, and the receiver that gets its events."""

import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
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

from .pulp3_comparison import Fired
from .waiting import wait_until

_PATIENCE_SECONDS = 120.0
_EVERYTHING = ("task.#", "repo.#")
_MANY = 1_000_000


@dataclass(frozen=True)
class Arrival:
    """An event as it arrived at the receiver."""

    event_id: str
    task: str
    event_type: str
    at: datetime


class Installation:
    """A state directory with a source and a listener for all events.

    The processes that use it are started separately.
    """

    def __init__(self, folder: Path, app: App, arrived: Sequence[tuple[datetime, ReceivedRequest]]) -> None:
        self.folder = folder
        self._app = app
        self._arrived = arrived

    def environ(self, **settings: str) -> dict[str, str]:
        """Return the environment of a process that uses this installation.

        :param settings: keys of ``[notifiers]``, in capitals.
        """
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PULP_NOTIFIERS_")}
        own = {"STATE_DIRECTORY": str(self.folder / "state"), **settings}
        return {**kept, **{f"PULP_NOTIFIERS_{name}": value for name, value in own.items()}}

    def add_source(self, config: Mapping[str, Any]) -> None:
        """Add the source, with the name ``storm``."""
        self._app.sources.add(SourceDraft("storm", "pulp3", config))

    def status(self) -> SourceStatus:
        """Return the status of the source."""
        return self._app.sources.status("storm")

    def written(self) -> int:
        """Return how many events were written so far."""
        return self._app.deliveries.list(limit=1)[0]

    def wait_for_polls(self, count: int) -> None:
        """Return when the source has polled this many times more.

        :raises AssertionError: it does not in time.
        """
        begun = utc_now()
        reports: set[datetime] = set()

        def polled() -> bool:
            reported_at = self.status().reported_at
            if reported_at is not None and reported_at > begun:
                reports.add(reported_at)
            # The first report may be about a poll that was already running.
            return len(reports) > count

        wait_until(polled, self.status, _PATIENCE_SECONDS)

    def wait_until_delivered(self) -> None:
        """Return when no delivery is pending."""
        backlog = self._app.store.history.backlog
        wait_until(lambda: not backlog().pending, backlog, _PATIENCE_SECONDS)

    def fired(self) -> tuple[list[Fired], list[Fired]]:
        """Return the events that the receiver got: with the times when they were on disk, and when they arrived."""
        written = {delivery.event_id: delivery.created_at for delivery in self._app.deliveries.list(limit=_MANY)[1]}
        arrivals = list(self._arrivals())
        on_disk = [Fired(each.task, each.event_type, written[each.event_id]) for each in arrivals]
        return on_disk, [Fired(each.task, each.event_type, each.at) for each in arrivals]

    def _arrivals(self) -> Iterator[Arrival]:
        known = set()
        for at, request in self._arrived:
            body = json.loads(request.body)
            event_id = request.headers["Pulp-Event-Id"]
            # The service may repeat an attempt that succeeded if it took it for a failure.
            repeated = event_id in known and request.headers["Pulp-Delivery-Attempt"] != "1"
            known.add(event_id)
            if not repeated:
                yield Arrival(event_id, body["call_report"]["task_id"], body["event_type"], at)


@contextmanager
def installation(folder: Path) -> Iterator[Installation]:
    """Yield an installation that delivers to a receiver; its sources wait for a process that runs them."""
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
    """Return the command that runs ``pulp-notifiers``."""
    return [sys.executable, "-m", "pulp_notifiers", *words]
