"""A notifier ends the process during its attempt: that delivery is given up, and everything else is delivered."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pulp_notifiers.app import App
from pulp_notifiers.event import Event
from pulp_notifiers.records import DeliveryFilter, DeliveryState, ListenerDraft
from pulp_notifiers.settings import Settings
from pulp_notifiers.store import schema
from pulp_notifiers.testing.http import HttpReceiver
from tests.support.distributions import installed
from tests.support.migrated import new_postgresql, new_state
from tests.support.stored import execute
from tests.support.waiting import wait_until

ROOT = Path(__file__).parents[2]
LONGEST_SECONDS = 180.0
MAX_CRASHES = 3
INNOCENT = 30
HOW = {"exit": "exit code 3", "segfault": "SIGSEGV", "kill": "SIGKILL"}

KILLER = """
import ctypes, os

def handle_event(notifier_config, event):
    how = event.payload["how"]
    if how == "exit":
        os._exit(3)
    elif how == "segfault":
        ctypes.string_at(0)
    elif how == "kill":
        os.kill(os.getpid(), 9)
"""


def run_workers_until(done: Callable[[], bool], environ: dict[str, str], log: Path) -> int:
    """Restart a worker whenever its process ends, as systemd does; return how often it ended."""
    deadline = time.monotonic() + LONGEST_SECONDS
    ends = 0
    with log.open("ab") as output:
        while not done():
            worker = subprocess.Popen(
                [sys.executable, "-m", "pulp_notifiers", "worker"], env=environ, stdout=output, stderr=output
            )
            try:
                while worker.poll() is None and not done():
                    assert time.monotonic() < deadline, log.read_text()
                    time.sleep(0.05)
            finally:
                ends += worker.poll() is not None
                worker.kill()
                worker.wait()
    return ends


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_a_delivery_that_ends_its_process_is_dead_after_so_many_ends_and_the_others_arrive(
    tmp_path, request, database, how
):
    """The later events of its lane are delivered too, and its reason is shown with its attempts."""
    own = {"state_directory": str(tmp_path / "state"), "lease_seconds": "1", "poll_seconds": "0.1"}
    own |= {"max_crashes": str(MAX_CRASHES)}
    if database == "postgresql":
        own["database_url"] = new_postgresql(request.getfixturevalue("postgresql"))
    else:
        new_state(tmp_path / "state")
    settings = Settings({"notifiers": own})
    with (
        installed(tmp_path, "killer", {"killer": "killer"}, {"killer": KILLER}) as site,
        HttpReceiver() as receiver,
        App.from_settings(settings) as app,
    ):
        app.listeners.create(ListenerDraft("killer", {}, ("kill.it",)))
        app.listeners.create(ListenerDraft("http", {"url": receiver.url}, ("repo.sync.start",)))
        deadly = Event("kill.it", {"repo_id": "zoo", "how": how})
        later = Event("kill.it", {"repo_id": "zoo", "how": "not"})
        for event in (deadly, later, *(Event("repo.sync.start", {"repo_id": f"r{n}"}) for n in range(INNOCENT))):
            app.fire(event)
        environ = {
            **{key: value for key, value in os.environ.items() if not key.startswith("PULP_NOTIFIERS_")},
            **{f"PULP_NOTIFIERS_{key.upper()}": value for key, value in own.items()},
            "PYTHONPATH": os.pathsep.join(map(str, (ROOT, site))),
        }

        def idle() -> bool:
            return not app.store.history.backlog().pending

        ends = run_workers_until(idle, environ, tmp_path / "log")

        assert MAX_CRASHES == ends
        (dead,) = app.deliveries.list(DeliveryFilter(state=DeliveryState.DEAD))[1]
        assert str(deadly.id) == dead.event_id
        delivery, attempts = app.deliveries.show(dead.id)
        assert f"ended {MAX_CRASHES} times" in delivery.last_error
        assert f"({HOW[how]})" in delivery.last_error
        assert delivery.last_error == attempts[-1].error
        delivered, _ = app.deliveries.list(DeliveryFilter(state=DeliveryState.DELIVERED))
        assert 1 + INNOCENT == delivered


def test_a_delivery_that_many_killed_processes_held_is_delivered_all_the_same(tmp_path):
    """The process that makes its last attempt does not end, so it was innocent; the outcome of that attempt counts."""
    own = {"state_directory": str(tmp_path / "state"), "lease_seconds": "1", "poll_seconds": "0.1"}
    settings = Settings({"notifiers": own})
    with HttpReceiver() as receiver, App.from_settings(settings) as app:
        app.listeners.create(ListenerDraft("http", {"url": receiver.url}, ("repo.sync.start",)))
        app.listeners.create(ListenerDraft("http", {"url": "http://127.0.0.1:9/"}, ("repo.sync.start",)))
        app.fire(Event("repo.sync.start", {"repo_id": "zoo"}))
        execute(settings.own().resolved_database_url(), schema.lanes.update().values(crashes=99))

        app.worker.start()
        wait_until(lambda: app.deliveries.list(DeliveryFilter(state=DeliveryState.DELIVERED))[0])
        wait_until(lambda: any(each.last_error for each in app.deliveries.list()[1]))
        assert app.worker.stop()

        assert [{"repo_id": "zoo"}] == [request.json()["payload"] for request in receiver.requests]
        states = sorted((each.state, bool(each.last_error)) for each in app.deliveries.list()[1])
        assert [(DeliveryState.DELIVERED, False), (DeliveryState.PENDING, True)] == states
