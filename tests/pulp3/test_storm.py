"""A source watches a real Pulp 3 and is killed repeatedly; the server's database recorded what happened."""

import subprocess
import time
from contextlib import contextmanager

import pytest

from tests.harness.pulp3 import Pulp3
from tests.support.pulp3_axe import Axe
from tests.support.pulp3_comparison import compare, lives, percentile, table
from tests.support.pulp3_installation import Installation, command, installation
from tests.support.pulp3_storm import Storm

INTERVAL_SECONDS = 5.0  # the default
LEASE_SECONDS = "3"
"""How long the next process waits for the source of a killed one."""

KILLS = 10
LONGEST_LIFE_SECONDS = 10.0
SETTLED_POLLS = 3
LONGEST_LAG_SECONDS = 120.0
ROLES = ("core.task_viewer", "file.filerepository_viewer", "file.fileremote_viewer", "file.filepublication_viewer")


@pytest.fixture
def watching(pulp3: Pulp3, tmp_path):
    """Yield an installation with a worker and a source, whose account on the server may only read."""
    pulp3.api.create_user("storm-watcher", "watches-1-storm", ROLES)
    config = {"url": pulp3.url, "username": "storm-watcher", "password": "watches-1-storm"}
    with installation(tmp_path) as made, (tmp_path / "worker.log").open("wb") as log:
        made.add_source({**config, "interval": INTERVAL_SECONDS})
        with subprocess.Popen(command("worker"), env=made.environ(), stdout=log, stderr=log) as worker:
            yield made
            worker.kill()


@pytest.fixture
def axe(watching: Installation, tmp_path):
    """Yield the process that runs the source and is killed repeatedly."""
    environ = watching.environ(SOURCE_LEASE_SECONDS=LEASE_SECONDS)
    run = command("source", "run", "storm")
    with Axe(run, environ, tmp_path / "source.log", watching.written, KILLS, LONGEST_LIFE_SECONDS) as running:
        watching.wait_for_polls(1)
        yield running


@contextmanager
def shown(capsys):
    """Show what the block prints."""
    with capsys.disabled():
        print()
        yield
        print()


def lag(rows):
    """Return two percentiles of the lag over all tasks, as text."""
    lags = [lag for row in rows for lag in row.lags]
    return " and ".join(f"{percentile(lags, part):.2f} s (p{part})" for part in (50, 99))


def test_a_source_that_is_killed_ten_times_fires_every_event_once(
    pulp3: Pulp3, watching: Installation, axe: Axe, capsys
):
    """No event of more than 300 tasks is missing or doubled."""
    before = {transition.task for transition in pulp3.record.transitions()}
    started = time.monotonic()

    Storm(pulp3).blow()
    took = time.monotonic() - started
    axe.finish()
    watching.wait_for_polls(SETTLED_POLLS)
    watching.wait_until_delivered()

    axe.require_alive()
    transitions = [each for each in pulp3.record.transitions() if each.task not in before]
    tasks = lives(transitions, pulp3.record.creations())
    rows, arrived = (compare(tasks, [each for each in fired if each.task not in before]) for fired in watching.fired())
    with shown(capsys):
        print(table(rows))
        print(f"\n{len(tasks)} tasks with {len(transitions)} transitions in {took:.0f} s; {axe.killed} kills;", end=" ")
        print(f"polled every {INTERVAL_SECONDS:g} s. On disk after {lag(rows)}, at the receiver after {lag(arrived)}.")
    assert len(tasks) >= 300
    assert KILLS == axe.killed
    assert set() == {life.end for life in tasks} - {"completed", "failed", "canceled"}
    assert ([], []) == ([key for row in rows for key in row.missed], [key for row in rows for key in row.doubled])
    assert [] == [key for row in rows for key in row.unexpected]
    assert 0 == watching.status().facts["vanished"]
    assert max(lag for row in rows for lag in row.lags) < LONGEST_LAG_SECONDS
