"""The cost of firing an event with 1 to 10,000 listeners.

Everything that fire promises is included: each call returns when the event and its deliveries are on disk.
"""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial

from pulp_notifiers.app import App
from pulp_notifiers.records import ListenerDraft
from pulp_notifiers.settings import Settings

from ..child import in_child
from ..processes import cpu_seconds
from ..rounds import Figures, medians
from ..tables import Column, print_table
from .databases import Databases, Section
from .engine import fire
from .events import EVENT_TYPE, event
from .options import Options

_LISTENERS = (1, 3, 100, 10_000)
_MATCHING = 3
_THREADS = (1, 8)
_REGISTERING = 4

_COLUMNS = (
    Column("events/s", "rate", "{:,.0f}"),
    Column("ms each", "each", "{:.3f}"),
    Column("times 1 listener", "times_one", "{:.2f}"),
    Column("CPU ms each", "cpu", "{:.3f}"),
    Column("CPU ms of the server each", "server_cpu", "{:.3f}"),
)


def run(options: Options) -> None:
    """Measure and print."""
    count = options.size(500)
    with Databases(options.kinds) as databases, ExitStack() as stack:
        prepared: dict[tuple[str, int], Section] = {}
        for kind in options.kinds:
            for listeners in _LISTENERS:
                section = stack.enter_context(databases.fresh(kind))
                seconds = in_child(register, section, listeners)["seconds"]
                options.progress(f"{kind}: {listeners:,} listeners registered in {seconds:.1f} s")
                prepared[kind, listeners] = section

        def one(which: tuple[str, int]) -> Figures:
            return in_child(measure, prepared[which], count, databases.server_process(which[0]))

        figures = medians(list(prepared), one, options.rounds)
        described = {kind: databases.described(kind) for kind in options.kinds}
    for kind in options.kinds:
        print_table(
            f"Fire an event, {kind}",
            f"{count:,} events of 1.5 KB, stored with a delivery for each listener that matches: {_MATCHING}, or the "
            f"only one. {described[kind]}; {options}.",
            _COLUMNS,
            {
                f"{listeners:,} listener{'s' * (listeners > 1)}, {threads} thread{'s' * (threads > 1)}": _row(
                    figures[kind, listeners], figures[kind, 1], threads
                )
                for threads in _THREADS
                for listeners in _LISTENERS
            },
        )


def _row(figures: Figures, one: Figures, threads: int) -> Figures:
    each = figures[f"ms by {threads}"]
    row = {"each": each, "rate": 1000 / each, "times_one": each / one[f"ms by {threads}"]}
    row["cpu"] = figures[f"cpu by {threads}"]
    server = figures.get(f"server cpu by {threads}")
    return row if server is None else {**row, "server_cpu": server}


def register(section: Section, listeners: int) -> Figures:
    """Register listeners, of which three match; return how long it took."""
    drafts = [
        ListenerDraft(
            "http",
            {"url": "https://receiver.example/"},
            (EVENT_TYPE if number < _MATCHING else f"other.type.number{number % 50}",),
        )
        for number in range(listeners)
    ]
    began = time.perf_counter()
    register_drafts(section, drafts)
    return {"seconds": time.perf_counter() - began}


def register_drafts(section: Section, drafts: Sequence[ListenerDraft]) -> None:
    """Register listeners in a database."""
    # Most of it is processor time, so more threads would not help.
    with App.from_settings(Settings({"notifiers": section})) as app, ThreadPoolExecutor(_REGISTERING) as pool:
        list(pool.map(app.listeners.create, drafts))


def measure(section: Section, count: int, server: int | None) -> Figures:
    """Return the time of a call, and the processor time of this process and of the database server, in ms."""
    figures: Figures = {}
    with App.from_settings(Settings({"notifiers": section})) as app:
        fire(app, map(event, range(20)))
        for threads in _THREADS:
            fired = partial(fire, app, [event(number) for number in range(count)], threads)
            began, cpu, of_server = time.perf_counter(), time.process_time(), _server_seconds(server)
            fired()
            figures[f"ms by {threads}"] = (time.perf_counter() - began) * 1000 / count
            figures[f"cpu by {threads}"] = (time.process_time() - cpu) * 1000 / count
            if server is not None:
                figures[f"server cpu by {threads}"] = (_server_seconds(server) - of_server) * 1000 / count
    return figures


def _server_seconds(server: int | None) -> float:
    return 0.0 if server is None else cpu_seconds([server])
