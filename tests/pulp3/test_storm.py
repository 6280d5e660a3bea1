"""A watcher of a real Pulp 3, killed again and again, against what the server's database recorded."""

import json
import random
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from pulp_notifiers.testing.pulp3 import Pulp3
from tests.support.pulp3_comparison import compare, lives, percentile, table
from tests.support.pulp3_intake import read_told
from tests.support.pulp3_storm import Storm

INTERVAL_SECONDS = 5.0  # the default
KILLS = 10
LONGEST_LIFE_SECONDS = 20.0
SETTLED_POLLS = 3
ROOT = Path(__file__).parents[2]
ROLES = ("core.task_viewer", "file.filerepository_viewer", "file.fileremote_viewer", "file.filepublication_viewer")


class Watcher:
    """The process that watches; it is started again after each kill."""

    def __init__(self, folder, options):
        self.told = folder / "told.db"
        self.log = folder / "log"
        self.kills = 0
        self._command = [sys.executable, "-m", "tests.support.pulp3_watcher", str(self.told), json.dumps(options)]
        self._calm = threading.Event()
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._kill_often)

    def __enter__(self):
        self._start()
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._ending.set()
        self._thread.join()
        self._process.kill()
        self._process.wait()

    def settle(self):
        """Return when every kill was done, and the watcher had time for some more polls; the storm is over."""
        self._calm.set()
        self._thread.join()
        time.sleep(SETTLED_POLLS * INTERVAL_SECONDS)
        assert self._process.poll() is None, self.log.read_text(encoding="utf-8")

    def _start(self):
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(self._command, cwd=ROOT, stderr=log, stdout=log)

    def _kill_often(self):
        while self.kills < KILLS and self._works() and not self._ending.wait(random.uniform(0, LONGEST_LIFE_SECONDS)):
            self._process.kill()
            self._process.wait()
            self.kills += 1
            self._start()

    def _works(self):
        """Tell when the process has told something, so that each one is killed at work; or that the test is over."""
        before = self._told_so_far()
        while self._told_so_far() == before and not self._calm.is_set():
            if self._ending.wait(0.1):
                return False
        return True

    def _told_so_far(self):
        return len(read_told(self.told)) if self.told.exists() else 0


@pytest.fixture
def watcher(pulp3: Pulp3, tmp_path):
    """Return a running watcher of the server that logs in as somebody who may only look."""
    pulp3.api.create_user("storm-watcher", "watches-1-storm", ROLES)
    options = {"url": pulp3.url, "username": "storm-watcher", "password": "watches-1-storm"}
    with Watcher(tmp_path, {**options, "interval": INTERVAL_SECONDS}) as running:
        yield running


@contextmanager
def shown(capsys):
    """Let through what the block prints."""
    with capsys.disabled():
        print()
        yield
        print()


def test_a_storm_is_told_whole_and_once(pulp3: Pulp3, watcher: Watcher, capsys):
    """Every event of more than 300 tasks, although the watcher is killed ten times."""
    before = {transition.task for transition in pulp3.record.transitions()}
    started = time.monotonic()

    storm = Storm(pulp3)
    storm.blow()
    took = time.monotonic() - started
    watcher.settle()

    transitions = [each for each in pulp3.record.transitions() if each.task not in before]
    tasks = lives(transitions, pulp3.record.creations())
    told = [each for each in read_told(watcher.told) if each.task not in before]
    rows = compare(tasks, told)
    with shown(capsys):
        print(table(rows))
        lags = [lag for row in rows for lag in row.lags]
        print(
            f"\n{len(tasks)} tasks with {len(transitions)} transitions in {took:.0f} s; {watcher.kills} kills;", end=" "
        )
        print(f"polled every {INTERVAL_SECONDS:g} s; goal for p50: {INTERVAL_SECONDS / 2 + 1:g} s,", end=" ")
        print(f"reached: {percentile(lags, 50):.2f} s")
    assert len(tasks) >= 300
    assert KILLS == watcher.kills
    assert set() == {life.end for life in tasks} - {"completed", "failed", "canceled"}
    assert [] == [key for row in rows for key in row.missed]
    assert [] == [key for row in rows for key in row.doubled]
    assert [] == [key for row in rows for key in row.unexpected]
