"""What an event costs while many lanes of a receiver that does not answer are due."""

import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import count as counting

from pulp_notifiers.app import App
from pulp_notifiers.event import utc_now
from pulp_notifiers.records import ListenerDraft, Owed, OwedEvent
from pulp_notifiers.settings import Settings

from ..child import in_child
from ..processes import cpu_seconds
from ..rounds import Figures, medians
from ..tables import Column, print_table
from .databases import Databases, Section
from .events import EVENT_TYPE, event
from .options import Options
from .receiver import Receiver, Tally

_DUE = (0, 10_000, 100_000)
_BATCH = 500
_HANGING_SECONDS = 3.0
_LONGEST_SECONDS = 120.0
_LOOK_SECONDS = 0.005
_RATE = 100
"""Events a second: slow enough that the worker looks for due lanes after each of them."""

_REPOSITORIES = 10**9
_numbers = counting(_REPOSITORIES // 2)

_COLUMNS = (
    Column("CPU ms each", "cpu", "{:.2f}"),
    Column("times none due", "ratio", "{:.2f}"),
    Column("late, s", "late", "{:.2f}"),
)


def run(options: Options) -> None:
    """Measure and print."""
    count = options.size(1000)
    with Databases(options.kinds) as databases, Receiver(databases.folder) as receiver, _hanging_receiver() as hanging:
        for kind in options.kinds:
            with databases.fresh(kind) as empty, databases.fresh(kind) as some, databases.fresh(kind) as many:
                filled = dict(zip((round(due * options.scale) for due in _DUE), (empty, some, many), strict=True))
                for due, section in filled.items():
                    in_child(_fill, section, hanging, due)

                def one(due: int, filled: dict[int, Section] = filled) -> Figures:
                    with databases.copy(filled[due]) as section:
                        return in_child(measure, section, receiver.url, receiver.tally.path, count)

                figures = medians(list(filled), one, options.rounds)
            for each in figures.values():
                each["ratio"] = each["cpu"] / figures[min(figures)]["cpu"]
            print_table(
                f"Fire and deliver beside a receiver that hangs, {databases.described(kind)}",
                f"{count:,} events of 1.5 KB, each about another repository, are fired and delivered by HTTP in one "
                f"process, {_RATE} a second. They are owed to a second listener too, whose receiver accepts "
                f"connections and never answers; so many of its lanes are due already. Late is how long after the last "
                f"event was fired the last one arrived; {options}.",
                _COLUMNS,
                {f"{due:,} lanes due": each for due, each in figures.items()},
            )


def measure(section: Section, url: str, tally_path: str, count: int) -> Figures:
    """Return how fast events are fired and delivered beside what is due already."""
    tally = Tally(tally_path)
    with App.from_settings(Settings({"notifiers": section})) as app:
        app.listeners.create(ListenerDraft("http", {"url": url}, (EVENT_TYPE,)))
        app.worker.start()
        time.sleep(_HANGING_SECONDS)  # the attempt that hangs has become slow
        _deliver(app, tally, 100)
        cpu = cpu_seconds([os.getpid()])
        late = _deliver(app, tally, count)
        cpu = cpu_seconds([os.getpid()]) - cpu
        app.worker.stop(timeout_seconds=0)
    return {"late": late, "cpu": cpu * 1000 / count}


def _deliver(app: App, tally: Tally, count: int) -> float:
    """Fire events and return how many seconds after the last one all had arrived."""
    before, began = tally.count, time.monotonic()
    for number in range(count):
        time.sleep(max(0.0, began + number / _RATE - time.monotonic()))
        app.fire(event(next(_numbers), repositories=_REPOSITORIES))
    fired = time.monotonic()
    while tally.count - before < count:
        if time.monotonic() > fired + _LONGEST_SECONDS:
            raise TimeoutError(f"{tally.count - before} of {count} events arrived in {_LONGEST_SECONDS:g} s")
        time.sleep(_LOOK_SECONDS)
    return time.monotonic() - fired


def _fill(section: Section, url: str, lanes: int) -> Figures:
    """Make so many lanes due whose receiver hangs."""
    with App.from_settings(Settings({"notifiers": section})) as app:
        listener = app.listeners.create(ListenerDraft("http", {"url": url}, ("hanging.event", EVENT_TYPE)))
        owed = [Owed(listener.id, "http", "")]
        revision = app.store.listeners.latest_revision()
        for start in range(0, lanes, _BATCH):
            numbers = range(start, min(start + _BATCH, lanes))
            events = [replace(event(number, repositories=lanes), type="hanging.event") for number in numbers]
            app.store.outbox.add_all([OwedEvent(each, owed) for each in events], revision, utc_now())
    return {}


@contextmanager
def _hanging_receiver() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0), backlog=512) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/"
