"""What firing an event costs with 3, 100 and 10,000 listeners, of which three match; prints Markdown tables.

Everything that fire promises is included: each call returns when the event and its three deliveries are on disk.
"""

import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from itertools import count

from pulp_notifiers.app import App, upgrade_database
from pulp_notifiers.event import Event
from pulp_notifiers.records import ListenerDraft
from pulp_notifiers.settings import Settings
from tests.harness.postgres import PostgreSQL

ROUNDS = 5
LISTENERS = (3, 100, 10_000)
THREADS = (1, 8)
CALLS = 400
MATCHING = 3

_numbers = count()


def main() -> None:
    """Measure and print."""
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}\n")
    with tempfile.TemporaryDirectory() as folder, PostgreSQL() as server:
        _print_table("SQLite", folder, [f"sqlite:///{folder}/{number}.db" for number in LISTENERS])
        _print_table("PostgreSQL", folder, [server.create_database() for _ in LISTENERS])


def _print_table(database: str, folder: str, urls: list[str]) -> None:
    with ExitStack() as stack:
        apps = {
            number: stack.enter_context(_app(url, folder, number)) for number, url in zip(LISTENERS, urls, strict=True)
        }
        runs: dict[tuple[int, int], list[float]] = {(number, threads): [] for number in apps for threads in THREADS}
        for current in range(ROUNDS):
            for (number, threads), figures in runs.items():  # in turn, so that a busy moment affects all of them
                print(f"{database}, round {current + 1}: {number} listeners, {threads} threads", file=sys.stderr)
                figures.append(_milliseconds(apps[number], threads))
    print(f"| {database}: listeners | threads | ms for each event | as a multiple of 3 listeners |")
    print("|---|---|---|---|")
    medians = {key: statistics.median(figures) for key, figures in runs.items()}
    for (number, threads), median in medians.items():
        print(f"| {number:,} | {threads} | {median:.3f} | {median / medians[LISTENERS[0], threads]:.2f} |")
    print()


@contextmanager
def _app(url: str, folder: str, listeners: int) -> Iterator[App]:
    settings = Settings({"notifiers": {"state_directory": folder, "database_url": url}})
    upgrade_database(settings.own())
    with App.from_settings(settings) as app:
        for number in range(listeners):
            event_type = "repo.sync.finish" if number < MATCHING else f"other.type.number{number % 50}"
            app.listeners.create(ListenerDraft("http", {"url": "https://receiver.example/"}, (event_type,)))
        _fire(app, 20)
        yield app


def _milliseconds(app: App, threads: int) -> float:
    began = time.perf_counter()
    if threads == 1:
        _fire(app, CALLS)
    else:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(lambda _: _fire(app, CALLS // threads), range(threads)))
    return (time.perf_counter() - began) * 1000 / CALLS


def _fire(app: App, calls: int) -> None:
    for _ in range(calls):
        app.fire(Event("repo.sync.finish", {"repo_id": f"repository{next(_numbers) % 50}", "result": "success"}))


if __name__ == "__main__":
    main()
