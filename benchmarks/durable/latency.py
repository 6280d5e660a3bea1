"""How late an event arrives, from commit to receiver, at a given rate."""

from ..child import in_child
from ..rounds import Figures, medians
from ..tables import Column, print_table
from . import offer
from .databases import Databases
from .options import Options
from .receiver import Receiver

_RATES = (100, 500)

_COLUMNS = (
    Column("fired/s", "fired", "{:,.0f}"),
    Column("delivered/s", "held", "{:,.0f}"),
    Column("p50, ms", "p50", "{:,.1f}"),
    Column("p99, ms", "p99", "{:,.1f}"),
    Column("max, ms", "max", "{:,.1f}"),
    Column("not arrived after 10 s more", "missing", "{:,.0f}"),
    Column("CPU", "cpu", "{:.0f} %"),
    Column("peak memory, MB", "memory", "{:.0f}"),
)


def run(options: Options) -> None:
    """Measure and print."""
    with Databases(options.kinds) as databases, Receiver(databases.folder) as receiver:

        def one(which: tuple[str, int]) -> Figures:
            kind, rate = which
            receiver.tally.forget()  # here, because it fills the memory of who does it
            with databases.fresh(kind) as section:
                return in_child(offer.measure, section, receiver.url, receiver.tally.path, rate, options.seconds)

        # Once: five minutes for each would be too long, and what disturbs the machine shows in the percentiles.
        names = [(kind, rate) for rate in _RATES for kind in options.kinds]
        figures = medians(names, one, rounds=1)
        described = {kind: databases.described(kind) for kind in options.kinds}
    print_table(
        "Latency from commit to receiver",
        f"Events of 1.5 KB are fired by eight threads at a fixed rate for {options.seconds:g} s and delivered by HTTP "
        "in the same process. The latency runs from the moment at which fire returned.",
        _COLUMNS,
        {f"{rate} events/s, {described[kind]}": each for (kind, rate), each in figures.items()},
    )
