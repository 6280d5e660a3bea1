"""One process that watches many Pulp 3 servers with many repositories each, all of them simulated.

Prints a Markdown table of what the watching process costs, and what it missed or doubled. The servers are the fake
ones of the source's own tests and run in this process. ``pulp-notifiers source run`` is a child process, with an SQLite
database and a listener for all events.
"""

import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pulp_notifiers.app import App
from pulp_notifiers.records import ListenerDraft, SourceDraft
from pulp_notifiers.settings import Settings
from tests.harness.pulp3_record import Transition
from tests.support.pulp3_comparison import Fired, compare, lives, percentile

from ..processes import cpu_seconds, resident_megabytes

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "plugins" / "pulp-source-pulp3" / "tests"))
from fake_pulp3 import VIEWER, FakePulp3  # noqa: E402 (it is on the path only now)
from pulp3_world import FakeRepository, FakeTask, World  # noqa: E402

SERVERS, REPOSITORIES = 20, 1400
IDLE_SECONDS, BUSY_SECONDS = 30.0, 120.0
INTERVAL_SECONDS = 5.0
_TICK_SECONDS = 0.5
_SYNC_TICKS = 6
_READ_FIRED = """
SELECT events.type, events.call_report, deliveries.created_at
FROM deliveries JOIN events ON events.id = deliveries.event_id
"""


@dataclass
class Server:
    """A simulated server whose repositories are synced one after the other, a few at a time."""

    fake: FakePulp3
    repositories: deque[FakeRepository]
    lives: deque[list[FakeTask]]

    def tick(self, count: int) -> None:
        """Start some syncs, and let those of earlier ticks run and end."""
        world = self.fake.world
        for task in self.lives[-1] if self.lives else ():
            world.start(task)
        if len(self.lives) > _SYNC_TICKS or not self.repositories:
            for task in self.lives.popleft() if self.lives else ():
                world.finish(task if task.started else world.start(task))
        if self.repositories:
            taken = [self.repositories.popleft() for _ in range(min(count, len(self.repositories)))]
            self.lives.append([world.dispatch("sync.completed", repository) for repository in taken])


@dataclass(frozen=True)
class Cost:
    """What the watching process used in a period of time."""

    seconds: float
    cpu_seconds: float
    megabytes: float
    requests: int


def main() -> None:
    """Simulate and print."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        servers = [_server(stack) for _ in range(SERVERS)]
        _add_sources(folder, servers)
        command = [sys.executable, "-m", "pulp_notifiers", "source", "run"]
        environ = {**os.environ, "PULP_NOTIFIERS_STATE_DIRECTORY": str(folder), "PULP_NOTIFIERS_LOG_LEVEL": "WARNING"}
        child = stack.enter_context(subprocess.Popen(command, env=environ))
        stack.callback(child.kill)
        _settle(servers)
        idle = _measured(child.pid, servers, lambda: time.sleep(IDLE_SECONDS))
        busy = _measured(child.pid, servers, lambda: _sync_all(servers))
        time.sleep(3 * INTERVAL_SECONDS)
        _print(servers, idle, busy, _read_fired(folder / "notifiers.db"))


def _server(stack: ExitStack) -> Server:
    world = World(lambda: datetime.now(UTC))
    repositories = deque(world.add_repository(f"repository-{number}") for number in range(REPOSITORIES))
    # Without an older task the source could not check that it may see tasks.
    world.run("upload.completed", repositories[0])
    return Server(stack.enter_context(FakePulp3(world)), repositories, deque())


def _add_sources(folder: Path, servers: list[Server]) -> None:
    account = {"username": VIEWER.name, "password": VIEWER.password, "interval": INTERVAL_SECONDS}
    with App.from_settings(Settings({"notifiers": {"state_directory": str(folder)}})) as app:
        # No worker delivers, so the receiver need not exist.
        app.listeners.create(ListenerDraft("http", {"url": "http://127.0.0.1:9/"}, ("task.#", "repo.#")))
        for number, server in enumerate(servers):
            app.sources.add(SourceDraft(f"server-{number}", "pulp3", {"url": server.fake.url, **account}))


def _read_fired(database: Path) -> list[Fired]:
    with closing(sqlite3.connect(database, timeout=60)) as connection:
        rows = connection.execute(_READ_FIRED).fetchall()
    return [
        Fired(json.loads(report)["task_id"], event_type, datetime.fromisoformat(at).replace(tzinfo=UTC))
        for event_type, report, at in rows
    ]


def _settle(servers: list[Server]) -> None:
    while not all(server.fake.asked("tasks/") for server in servers):
        time.sleep(0.1)
    time.sleep(INTERVAL_SECONDS)


def _sync_all(servers: list[Server]) -> None:
    each_tick = -(-REPOSITORIES * _TICK_SECONDS // BUSY_SECONDS)
    begun = time.monotonic()
    ticks = 0
    while any(server.repositories or server.lives for server in servers):
        for server in servers:
            server.tick(int(each_tick))
        ticks += 1
        time.sleep(max(0.0, begun + ticks * _TICK_SECONDS - time.monotonic()))


def _measured(process: int, servers: list[Server], work: Callable[[], None]) -> Cost:
    begun, before, asked = time.monotonic(), cpu_seconds([process]), _requests(servers)
    work()
    seconds = time.monotonic() - begun
    cpu = cpu_seconds([process]) - before
    return Cost(seconds, cpu, resident_megabytes(process), _requests(servers) - asked)


def _requests(servers: list[Server]) -> int:
    return sum(len(server.fake.requests) for server in servers)


def _transitions(server: Server) -> list[Transition]:
    found = []
    for task in server.fake.world.tasks.values():
        if task.kind.startswith("sync"):
            states = {"waiting": task.created, "running": task.started, "completed": task.finished}
            found += [Transition(task.id, task.name, state, at) for state, at in states.items() if at]
    return found


def _print(servers: list[Server], idle: Cost, busy: Cost, fired: list[Fired]) -> None:
    happened = [transition for server in servers for transition in _transitions(server)]
    rows = compare(lives(happened, []), fired)
    lags = [lag for row in rows for lag in row.lags]
    print("| | processor | memory | requests/s | events/s |")
    print("|---|--:|--:|--:|--:|")
    for name, cost, events in (("idle", idle, 0), ("every repository synced once", busy, len(fired))):
        processor, memory = f"{cost.cpu_seconds / cost.seconds:.1%}", f"{cost.megabytes:.0f} MB"
        print(f"| {name} | {processor} | {memory} | {cost.requests / cost.seconds:.1f} | {events / cost.seconds:.0f} |")
    print(f"\n{SERVERS} servers with {REPOSITORIES} repositories each, polled every {INTERVAL_SECONDS:g} s:", end=" ")
    print(f"{len(happened) // 3} syncs in {busy.seconds:.0f} s gave {sum(row.due for row in rows)} events;", end=" ")
    print(f"missed {sum(len(row.missed) for row in rows)}, doubled {sum(len(row.doubled) for row in rows)};", end=" ")
    print(f"lag p50 {percentile(lags, 50):.1f} s, p99 {percentile(lags, 99):.1f} s;", end=" ")
    print(f"at most {max(server.fake.most_in_flight for server in servers)} request at a time per server.")


if __name__ == "__main__":
    main()
