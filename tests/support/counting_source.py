"""A source that counts, installed through a real entry point: it fires event n and remembers n, for ever.

As a program it runs sources on a database until it is killed::

    python -m tests.support.counting_source STATE_DIRECTORY LEASE_SECONDS
"""

import sys
import threading
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from pulp_notifiers.app import App
from pulp_notifiers.event import Event
from pulp_notifiers.settings import Settings
from pulp_notifiers.source import Check, Intake, Source, SourceConfig
from pulp_notifiers.sources import RunOptions


class CountingConfig(SourceConfig):
    """How fast it counts."""

    pause_seconds: float = 0.0


class Counting(Source[CountingConfig]):
    """Counts."""

    Config = CountingConfig

    def check(self, config: CountingConfig) -> Sequence[Check]:
        """Report that there are enough numbers."""
        return (Check("numbers", True, "there are enough"),)

    def run(self, config: CountingConfig, intake: Intake) -> None:
        """Continue after the remembered number."""
        number = intake.remembered().get("number", 0)
        while not intake.stopping.wait(config.pause_seconds):
            number += 1
            intake.take([Event("number.counted", {"number": number})], remember={"number": number})
            intake.update_status(number=number)


def entry_point(folder: Path) -> Path:
    """Write a distribution that offers the source as ``counting``; return the folder to put on the import path."""
    info = folder / "counting_source-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: counting-source\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[pulp_notifiers.sources]\ncounting = tests.support.counting_source:Counting\n"
    )
    return folder


def main(state: str, lease_seconds: float) -> None:
    """Run sources, and nothing else, until killed."""
    options = RunOptions(lease=timedelta(seconds=lease_seconds), poll=timedelta(seconds=lease_seconds / 5))
    with App.from_settings(Settings({"notifiers": {"state_directory": state}})) as app:
        app.source_runner.options = options
        app.source_runner.start()
        threading.Event().wait()


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]))
