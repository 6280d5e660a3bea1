"""The source in the whole product: a database, the runner, and a listener that receives events over HTTP."""

import threading
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from fake_pulp3 import VIEWER, FakePulp3
from pulp3_troubles import status
from pulp3_world import World

from pulp_notifiers.app import App
from pulp_notifiers.records import ListenerDraft, SourceDraft, SourceState
from pulp_notifiers.settings import Settings
from pulp_notifiers.testing.http import HttpReceiver

QUICK = {"poll_seconds": "0.05", "backoff_first_seconds": "0.02", "backoff_longest_seconds": "0.2"}
LAST = "repo.publish.start"
PATIENCE_SECONDS = 60.0


@pytest.fixture
def pulp():
    """Return a server on which one sync has run."""
    with FakePulp3(World(lambda: datetime.now(UTC))) as running:
        running.world.run("sync.completed", running.world.add_repository("zoo"))
        yield running


@pytest.fixture
def receiver():
    """Return the receiver of the listener's events."""
    with HttpReceiver() as running:
        yield running


@contextmanager
def serving(folder):
    """Run what ``serve`` runs, with the database in a folder."""
    with App(Settings({"notifiers": {"state_directory": str(folder), **QUICK}})) as app:
        app.worker.start()
        app.source_runner.start()
        yield app


def wait_until(reached):
    """Return when a condition is true."""
    waiting = threading.Event()
    for _ in range(int(PATIENCE_SECONDS * 50)):
        if reached():
            return
        waiting.wait(0.02)
    raise AssertionError("not in time")


def polls(pulp, times):
    """Wait until so many further polls have requested tasks."""
    until = len(pulp.asked("tasks/")) + times
    wait_until(lambda: len(pulp.asked("tasks/")) >= until)


def watch(app, pulp, receiver, *event_types, **options):
    """Register a listener and add the source; return once it has polled."""
    app.listeners.create(ListenerDraft("http", {"url": receiver.url}, tuple(event_types), **options))
    config = {"url": pulp.url, "username": VIEWER.name, "password": VIEWER.password, "interval": 0.1}
    app.sources.add(SourceDraft("pulp", "pulp3", config))
    polls(pulp, 6)


def received(receiver, count):
    """Return type, repository and version of the events that a receiver got."""
    bodies = [request.json() for request in receiver.wait_for(count)]
    return [(body["event_type"], body["payload"]["repo_id"], body["payload"].get("repo_version")) for body in bodies]


def test_a_listener_gets_each_event_once_although_the_process_changes(tmp_path, pulp, zoo, receiver):
    """What happens while no process runs is reported by the next one, and nothing is repeated."""
    with serving(tmp_path) as app:
        watch(app, pulp, receiver, "repo.sync.finish", LAST)
        pulp.world.run("sync.completed", zoo)
        receiver.wait_for(1)
        half_done = pulp.world.start(pulp.world.dispatch("sync.completed", zoo))
        polls(pulp, 6)
        assert app.source_runner.stop(PATIENCE_SECONDS)
        pulp.world.finish(half_done)
        pulp.world.run("sync.completed", zoo)
    with serving(tmp_path):
        receiver.wait_for(3)
        polls(pulp, 8)
        pulp.world.run("publish.completed", zoo)
        found = received(receiver, 4)

    syncs = [("repo.sync.finish", "zoo", number) for number in (2, 3, 4)]
    assert [*syncs, (LAST, "zoo", None)] == found
    assert len(receiver.requests) == len({request.headers["Pulp-Event-Id"] for request in receiver.requests})


def test_a_listener_gets_the_content_names_that_it_asks_for(tmp_path, pulp, zoo, receiver):
    """The listener's own option is enough."""
    with serving(tmp_path) as app:
        watch(app, pulp, receiver, "repo.version.created", include=["content"])
        pulp.world.run("upload.completed", zoo)
        [request] = receiver.wait_for(1)

    expected = {"added": {"file.file": ["f0.iso"]}, "removed": {}, "truncated": False}
    assert expected == request.json()["payload"]["content"]


def test_a_failing_server_is_polled_again(tmp_path, pulp, zoo, receiver):
    """The status shows the problem, what happened meanwhile is reported, and requests never overlap."""
    with serving(tmp_path) as app:
        watch(app, pulp, receiver, "repo.sync.finish")
        pulp.misbehave(status(502), path="/tasks/")
        wait_until(lambda: app.sources.status("pulp").state is SourceState.FAILING)
        problem = app.sources.status("pulp").problem
        pulp.world.run("sync.completed", zoo)
        found = received(receiver, 1)

    assert "answers HTTP 502;" in problem
    assert [("repo.sync.finish", "zoo", 2)] == found
    assert 1 == pulp.most_in_flight
