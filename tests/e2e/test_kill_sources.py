"""Processes that run sources are killed: others continue at the same place, with nothing missing or doubled."""

import os
import subprocess
import sys
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pulp_notifiers.app import App
from pulp_notifiers.records import ListenerDraft, SourceDraft
from pulp_notifiers.settings import Settings
from tests.support.counting_source import entry_point
from tests.support.service import Service
from tests.support.waiting import wait_until

ROOT = Path(__file__).parents[2]
KILLS = 10


def import_path(folder: Path) -> str:
    """Return a PYTHONPATH with the counting source."""
    return os.pathsep.join(map(str, (ROOT, entry_point(folder / "site"))))


@contextmanager
def counting_app(folder: Path, monkeypatch) -> Iterator[App]:
    """Yield an app that only observes; it has a source that counts."""
    monkeypatch.syspath_prepend(str(folder / "site"))
    with App.from_settings(Settings({"notifiers": {"state_directory": str(folder / "state")}})) as app:
        app.sources.add(SourceDraft("numbers", "counting", {"pause_seconds": 0.001}))
        yield app


def kill(process: subprocess.Popen[bytes]) -> None:
    """Kill a process, as a power cut would."""
    process.kill()
    process.wait()


def counted(app: App) -> list[int]:
    """Return the numbers of all events that are owed, sorted."""
    numbers: list[int] = []
    now = datetime.now(UTC)
    while claims := app.store.claims.claim(now, now + timedelta(minutes=30), 1000).claims:
        numbers.extend(owed.event.payload["number"] for claim in claims for owed in claim.deliveries)
    return sorted(numbers)


def test_ten_kills_during_takes_leave_memory_and_events_consistent(tmp_path, monkeypatch):
    """No number is missing and none is doubled."""
    environ = {**os.environ, "PYTHONPATH": import_path(tmp_path)}
    command = [sys.executable, "-m", "tests.support.counting_source", str(tmp_path / "state"), "0.5"]
    with counting_app(tmp_path, monkeypatch) as app:
        source = app.sources.get("numbers")
        app.listeners.create(ListenerDraft("http", {"url": "http://127.0.0.1:9/"}, ("number.counted",)))

        def number() -> int:
            return int(app.store.sources.memory(source.id).get("number", 0))

        processes = deque([subprocess.Popen(command, env=environ, cwd=ROOT)])
        try:
            for _ in range(KILLS):
                # The next process already waits.
                processes.append(subprocess.Popen(command, env=environ, cwd=ROOT))
                enough = number() + 5
                wait_until(lambda enough=enough: number() > enough)
                kill(processes.popleft())
        finally:
            for process in processes:
                kill(process)

        assert [*range(1, number() + 1)] == counted(app)


def test_another_service_takes_over_from_one_that_is_killed_or_ends(tmp_path, monkeypatch):
    """Of two ``serve`` processes on one database one runs the source, and the other does not wait for the lease."""
    path = import_path(tmp_path)
    monkeypatch.setenv("PYTHONPATH", path)
    (tmp_path / "b").mkdir()
    shared = {"STATE_DIRECTORY": str(tmp_path / "state"), "SOURCE_LEASE_SECONDS": "600"}
    with counting_app(tmp_path, monkeypatch) as app:
        holders: list[str | None] = []

        def held_by_another() -> bool:
            holder = app.sources.status("numbers").holder
            return holder is not None and holder not in holders

        with Service(tmp_path, **shared) as first, Service(tmp_path / "b", **shared) as second:
            wait_until(held_by_another, first.log.read_text)
            holders.append(app.sources.status("numbers").holder)
            one, other = (first, second) if "is run by this process" in first.log.read_text() else (second, first)
            one.kill()
            wait_until(held_by_another, other.log.read_text)
            holders.append(app.sources.status("numbers").holder)
            one.start()
            assert 0 == other.stop()
            wait_until(held_by_another, one.log.read_text)

            assert "is run by this process" in other.log.read_text()
