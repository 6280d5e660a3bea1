"""Measures what is stored before it is sent; prints Markdown tables, and the progress to standard error."""

import argparse
from collections.abc import Callable, Mapping

from . import broker, busy, conditions, drain, end_to_end, fire, latency, mail
from .databases import KINDS
from .options import Options

MEASUREMENTS: Mapping[str, Callable[[Options], None]] = {
    "fire": fire.run,
    "conditions": conditions.run,
    "end-to-end": end_to_end.run,
    "drain": drain.run,
    "mail": mail.run,
    "amqp": broker.run,
    "latency": latency.run,
    "busy": busy.run,
}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.durable", description=__doc__)
    parser.add_argument("measurements", nargs="*", metavar="MEASUREMENT", help=f"some of: {', '.join(MEASUREMENTS)}")
    parser.add_argument("--database", choices=[kind.lower() for kind in KINDS], help="only this one")
    parser.add_argument("--rounds", type=int, default=5, help="how often; the median counts (default 5)")
    parser.add_argument("--scale", type=float, default=1.0, help="factor for every number of events (default 1)")
    parser.add_argument("--seconds", type=float, default=60.0, help="how long each rate is offered for (default 60)")
    given = parser.parse_args()
    unknown = set(given.measurements) - set(MEASUREMENTS)
    if unknown:
        parser.error(f"{', '.join(sorted(unknown))}: use some of {', '.join(MEASUREMENTS)}")
    kinds = tuple(kind for kind in KINDS if given.database in (None, kind.lower()))
    options = Options(kinds, given.rounds, given.scale, given.seconds)
    for name in given.measurements or MEASUREMENTS:
        MEASUREMENTS[name](options)


if __name__ == "__main__":
    main()
