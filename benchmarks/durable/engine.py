"""An app in this process, and waiting until it has delivered."""

import os
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from pulp_notifiers.app import App
from pulp_notifiers.event import Event, utc_now
from pulp_notifiers.records import ListenerDraft
from pulp_notifiers.settings import Settings

from ..processes import cpu_seconds
from ..rounds import Figures
from .databases import Section
from .events import EVENT_TYPE, event

_LOOK_SECONDS = 0.005
_LONGEST_SECONDS = 1800


@contextmanager
def running(section: Section, notifier_type: str, config: Any, **sections: dict[str, str]) -> Iterator[App]:
    """Provide an app whose worker runs, with one listener for the events.

    :param config: the listener's options.
    :param sections: further sections of the settings.
    """
    with App.from_settings(Settings({"notifiers": section, **sections})) as app:
        app.listeners.create(ListenerDraft(notifier_type, config, (EVENT_TYPE,)))
        app.worker.start()
        yield app


def fire(app: App, events: Iterable[Event], threads: int = 1) -> None:
    """Fire events and return when all are stored."""
    if threads == 1:
        for each in events:
            app.fire(each)
        return
    with ThreadPoolExecutor(threads) as pool:
        for _ in pool.map(app.fire, events):
            pass


def warm_up(app: App) -> None:
    """Fire and deliver some events whose numbers nobody waits for."""
    fire(app, (event(-1 - number) for number in range(100)))
    wait_until_delivered(app)


def fire_and_deliver(app: App, count: int) -> Figures:
    """Return how fast one thread's events are stored and delivered, until the last delivery is recorded."""
    warm_up(app)
    events = [event(number) for number in range(count)]
    began, cpu = time.perf_counter(), cpu_seconds([os.getpid()])
    fire(app, events)
    wait_until_delivered(app)
    seconds, cpu = time.perf_counter() - began, cpu_seconds([os.getpid()]) - cpu
    return {"rate": count / seconds, "cpu": cpu * 1000 / count}


def wait_until_delivered(app: App) -> None:
    """Return when every delivery is recorded as delivered.

    :raises TimeoutError: some are still pending after half an hour.
    :raises RuntimeError: one is dead.
    """
    until = time.monotonic() + _LONGEST_SECONDS
    while (backlog := app.deliveries.backlog(utc_now())[0]).pending:
        if time.monotonic() > until:
            raise TimeoutError(f"{backlog.pending} deliveries are pending after {_LONGEST_SECONDS} s")
        time.sleep(_LOOK_SECONDS)
    if backlog.dead:
        raise RuntimeError(f"{backlog.dead} deliveries failed")
