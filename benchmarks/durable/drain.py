"""How fast a backlog is delivered."""

import os
import time
from contextlib import ExitStack

from pulp_notifiers.app import App
from pulp_notifiers.event import utc_now
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
from .receiver import Receiver, Tally

_LANES = (500, 1)
_FIRING = 8
_LOOK_SECONDS = 0.01

_COLUMNS = (
    Column("events/s", "rate", "{:,.0f}"),
    Column("CPU ms each", "cpu", "{:.2f}"),
    Column("CPU ms of the server each", "server_cpu", "{:.2f}"),
    Column("peak memory, MB", "memory", "{:.0f}"),
    Column("delivered", "delivered", "{:,.0f}"),
    Column("seconds", "seconds", "{:.1f}"),
)


def run(options: Options) -> None:
    """Measure and print."""
    count = options.size(20_000)
    with Databases(options.kinds) as databases, Receiver(databases.folder) as receiver, ExitStack() as stack:
        backlogs: dict[tuple[str, int], Section] = {}
        for kind in options.kinds:
            for lanes in _LANES:
                section = stack.enter_context(databases.fresh(kind))
                seconds = in_child(fill, section, receiver.url, count, lanes)["seconds"]
                options.progress(f"{kind}: {count:,} events in {lanes} lanes fired in {seconds:.1f} s")
                backlogs[kind, lanes] = section

        def one(which: tuple[str, int]) -> Figures:
            receiver.tally.forget()
            with databases.copy(backlogs[which]) as section:
                server = databases.server_process(which[0])
                return in_child(measure, section, receiver.tally.path, count, options.longest_drain, server)

        figures = medians(list(backlogs), one, options.rounds)
        described = {kind: databases.described(kind) for kind in options.kinds}
    print_table(
        "Drain a backlog",
        f"{count:,} events of 1.5 KB, fired before the worker started, delivered by HTTP until the last delivery is "
        f"recorded, or for {options.longest_drain:g} s; {options}.",
        _COLUMNS,
        {f"{lanes} lane{'s' * (lanes > 1)}, {described[kind]}": each for (kind, lanes), each in figures.items()},
    )


def fill(section: Section, url: str, count: int, lanes: int) -> Figures:
    """Fire a backlog for one listener; return how long it took."""
    with App.from_settings(Settings({"notifiers": section})) as app:
        app.listeners.create(ListenerDraft("http", {"url": url}, (EVENT_TYPE,)))
        began = time.perf_counter()
        fire(app, (event(number, lanes) for number in range(count)), _FIRING)
        return {"seconds": time.perf_counter() - began}


def measure(section: Section, tally_path: str, count: int, longest: float, server: int | None) -> Figures:
    """Return how fast the backlog is delivered."""
    tally = Tally(tally_path)
    processes = [os.getpid(), *([server] if server is not None else [])]
    with App.from_settings(Settings({"notifiers": section})) as app:
        began, cpu = time.perf_counter(), [cpu_seconds([process]) for process in processes]
        app.worker.start()
        # Counting what is pending takes time while it is much.
        while tally.count < count and time.perf_counter() - began < longest:
            time.sleep(_LOOK_SECONDS)
        while (pending := _pending(app)) and time.perf_counter() - began < longest:
            time.sleep(_LOOK_SECONDS)
        seconds = time.perf_counter() - began
        used = [cpu_seconds([process]) - before for process, before in zip(processes, cpu, strict=True)]
    delivered = count - pending
    figures = {"rate": delivered / seconds, "delivered": delivered, "seconds": seconds}
    each = [seconds * 1000 / delivered for seconds in used]
    return {**figures, **dict(zip(("cpu", "server_cpu"), each, strict=False))}


def _pending(app: App) -> int:
    return app.deliveries.backlog(utc_now())[0].pending
