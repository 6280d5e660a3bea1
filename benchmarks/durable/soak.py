"""Half an hour at a fixed rate, with pruning: ``python -m benchmarks.durable.soak``.

Fires and delivers in one process, samples it every ten seconds, and writes ``soak.csv`` and ``soak.svg``.
"""

import argparse
import csv
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from pulp_notifiers.app import App
from pulp_notifiers.event import utc_now
from pulp_notifiers.settings import Settings

from ..child import begin, end
from ..processes import cpu_seconds, resident_megabytes
from ..tables import machine
from . import offer
from .databases import KINDS, SQLITE, Databases, Section
from .graph import Panel, draw
from .receiver import Receiver

_EVERY_SECONDS = 10.0
_DAY_SECONDS = 86_400


@dataclass(frozen=True)
class Sample:
    """What was seen at one moment.

    :ivar rate: events/s delivered since the sample before.
    :ivar cpu: percent of one core since the sample before.
    """

    seconds: float
    rate: float
    cpu: float
    memory_megabytes: float
    database_megabytes: float
    backlog: int


def main() -> None:
    """Run, and write the files."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.durable.soak", description=__doc__)
    parser.add_argument("--rate", type=float, default=500.0, help="events/s (default 500)")
    parser.add_argument("--seconds", type=float, default=1800.0, help="how long (default 1800)")
    parser.add_argument("--keep", type=float, default=120.0, help="seconds until a delivery is deleted (default 120)")
    parser.add_argument("--database", choices=[kind.lower() for kind in KINDS], default=SQLITE.lower())
    parser.add_argument("--output", type=Path, default=Path("build/soak"), help="folder (default build/soak)")
    given = parser.parse_args()
    [kind] = [kind for kind in KINDS if kind.lower() == given.database]
    samples: list[Sample] = []
    with (
        Databases([kind]) as databases,
        Receiver(databases.folder) as receiver,
        databases.fresh(kind) as section,
    ):
        described = databases.described(kind)
        section["keep_delivered_days"] = str(given.keep / _DAY_SECONDS)
        for sample in _samples(databases, section, receiver, given.rate, given.seconds):
            print(", ".join(f"{name} {value:,.1f}" for name, value in asdict(sample).items()), file=sys.stderr)
            samples.append(sample)
    given.output.mkdir(parents=True, exist_ok=True)
    _write(given.output / "soak.csv", samples)
    title = f"{given.rate:,.0f} events/s, fired and delivered by HTTP in one process"
    facts = f"{described}; deliveries are deleted after {given.keep:g} s. {machine()}."
    picture = draw(title, facts, _panels(samples, given.rate))
    (given.output / "soak.svg").write_text(picture, encoding="utf-8")
    print(f"{given.output / 'soak.csv'} and {given.output / 'soak.svg'} are written.")


def _samples(
    databases: Databases, section: Section, receiver: Receiver, rate: float, seconds: float
) -> Iterator[Sample]:
    began = before = time.monotonic()
    child = begin(offer.keep_offering, section, receiver.url, rate, seconds)
    count, cpu = 0, 0.0
    with App.from_settings(Settings({"notifiers": section})) as app, ExitStack() as stack:
        stack.callback(child.kill)  # if sampling fails; otherwise it has ended by itself
        for number in range(1, int(seconds / _EVERY_SECONDS) + 1):
            time.sleep(max(0.0, began + number * _EVERY_SECONDS - time.monotonic()))
            now, arrived, used = time.monotonic(), receiver.tally.count, cpu_seconds([child.pid])
            yield Sample(
                seconds=now - began,
                rate=(arrived - count) / (now - before),
                cpu=(used - cpu) / (now - before) * 100,
                memory_megabytes=resident_megabytes(child.pid),
                database_megabytes=databases.megabytes(section),
                backlog=app.deliveries.backlog(utc_now())[0].pending,
            )
            before, count, cpu = now, arrived, used
        end(child)


def _write(path: Path, samples: list[Sample]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow([field.name for field in fields(Sample)])
        rows.writerows([round(value, 2) for value in asdict(sample).values()] for sample in samples)


def _panels(samples: list[Sample], rate: float) -> list[Panel]:
    minutes = [sample.seconds / 60 for sample in samples]

    def panel(title: str, unit: str, attribute: str, **options: float) -> Panel:
        return Panel(title, unit, minutes, [getattr(sample, attribute) for sample in samples], **options)

    return [
        panel("Delivered", "events/s", "rate", reference=rate),
        panel("Resident memory", "MB", "memory_megabytes"),
        panel("Database", "MB", "database_megabytes"),
        panel("Backlog", "deliveries", "backlog"),
    ]


if __name__ == "__main__":
    main()
