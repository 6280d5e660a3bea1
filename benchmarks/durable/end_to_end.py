"""Fire and HTTP delivery end to end in one process, until the last delivery is recorded as delivered."""

from ..child import in_child
from ..rounds import Figures, medians
from ..tables import Column, print_table
from .databases import Databases, Section
from .engine import fire_and_deliver, running
from .limits import http_limit
from .options import Options
from .peers import http as peers
from .receiver import Receiver

_COLUMNS = (
    Column("events/s", "rate", "{:,.0f}"),
    Column("times Session", "times_session", "{:.2f}"),
    Column("times Apprise", "times_apprise", "{:.2f}"),
    Column("CPU ms each", "cpu", "{:.2f}"),
    Column("events per CPU second", "per_cpu", "{:,.0f}"),
    Column("times Session", "per_cpu_times_session", "{:.2f}"),
    Column("peak memory, MB", "memory", "{:.0f}"),
)


def run(options: Options) -> None:
    """Measure and print."""
    count = options.size(2000)
    with Databases(options.kinds) as databases, Receiver(databases.folder) as receiver:

        def one(name: str) -> Figures:
            if name in peers.PEERS:
                return in_child(peers.measure, name, receiver.url, count)
            with databases.fresh(name) as section:
                return in_child(measure, section, receiver.url, count)

        figures = medians([*options.kinds, *peers.PEERS], one, options.rounds)
        most = in_child(http_limit, receiver.url)["rate"]
        described = {kind: f"pulp-notifiers, {databases.described(kind)}" for kind in options.kinds}
    session, apprise = figures[peers.SESSION], figures[peers.APPRISE]
    for each in figures.values():
        each["per_cpu"] = 1000 / each["cpu"]
        each["times_session"] = each["rate"] / session["rate"]
        each["times_apprise"] = each["rate"] / apprise["rate"]
        each["per_cpu_times_session"] = session["cpu"] / each["cpu"]
    print_table(
        "Fire and deliver by HTTP, end to end in one process",
        f"{count:,} events of 1.5 KB about 50 repositories, one thread fires, until the last delivery is recorded. The "
        f"others send the same from a loop and record nothing. The receiver takes {most:,.0f} requests/s; {options}.",
        _COLUMNS,
        {described.get(name, name): each for name, each in figures.items()},
    )


def measure(section: Section, url: str, count: int) -> Figures:
    """Return how fast events are fired and delivered."""
    with running(section, "http", {"url": url}) as app:
        return fire_and_deliver(app, count)
