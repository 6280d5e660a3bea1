"""Which process runs a source, from when and until when."""

import logging
from collections.abc import Sequence
from datetime import timedelta

import pytest

from pulp_notifiers.event import utc_now
from pulp_notifiers.records import RegisteredSource, SourceChange, SourceDraft, SourceState
from pulp_notifiers.source import Intake, SourceConfig
from pulp_notifiers.sources import RunOptions
from pulp_notifiers.store import Store
from tests.support.children import json_printed_by
from tests.support.source_runners import (
    NEVER,
    PATIENCE_SECONDS,
    POLL,
    Deaf,
    Scripted,
    logged,
    runner_of,
    running,
    wait_until,
)


def test_a_source_starts_when_it_is_added_and_stops_when_it_is_removed(store, sources, types, caplog):
    """Neither needs a restart of the process."""
    scripted = types.plugins["scripted"]
    with running(store, types) as runner:
        sources.add(SourceDraft("one", "scripted", {}))
        intake = scripted.wait_until_working()
        wait_until(lambda: sources.status("one").facts == {"runs": 1})
        status = sources.status("one")
        sources.remove("one")
        assert intake.stopping.wait(PATIENCE_SECONDS)

    assert (SourceState.RUNNING, runner.owner) == (status.state, status.holder)
    wait_until(lambda: "Source one was removed; stopping it" in logged(caplog, logging.INFO))
    assert [] == logged(caplog, logging.ERROR)


def test_a_changed_source_restarts_and_keeps_what_it_remembers(store, sources, types, caplog):
    """It runs with its new options once the old run has ended."""
    colours = []

    class Coloured(Scripted):
        class Config(SourceConfig):
            colour: str = "red"

        def run(self, config: Config, intake: Intake) -> None:
            colours.append(config.colour)
            super().run(config, intake)

    scripted = types.plugins["scripted"] = Coloured()
    sources.add(SourceDraft("one", "scripted", {}))
    with running(store, types):
        old = scripted.wait_until_working()
        old.take(remember={"seen": 1})
        sources.update("one", SourceChange({"colour": "blue"}))
        new = scripted.wait_until_working()

        assert old.stopping.is_set()
        assert {"seen": 1} == new.remembered()
    assert ["red", "blue"] == colours
    assert 1 == logged(caplog, logging.INFO).count("Source one was changed; restarting it")


def test_stopping_a_runner_releases_its_leases_at_once(store, sources, types, open_store):
    """Another process takes over, however long the lease is."""
    long = RunOptions(lease=timedelta(seconds=NEVER), poll=POLL)
    sources.add(SourceDraft("one", "scripted", {}))
    first = runner_of(store, types, long)
    first.start()
    types.plugins["scripted"].wait_until_working()
    with running(open_store(), types, long) as second:
        assert first.running
        assert first.stop(PATIENCE_SECONDS)
        types.plugins["scripted"].wait_until_working()

        assert second.owner == sources.status("one").holder
        assert not first.running
    assert SourceState.WAITING == sources.status("one").state


def test_the_lease_of_a_source_that_does_not_stop_in_time_is_not_released(store, sources, types, caplog):
    """The log names the source."""
    deaf = Deaf()
    types.plugins["scripted"] = Scripted(deaf)
    sources.add(SourceDraft("one", "scripted", {}))
    runner = runner_of(store, types)
    runner.start()
    assert deaf.reached.wait(PATIENCE_SECONDS)

    assert not runner.stop(timeout_seconds=0.1)
    deaf.released.set()

    assert ["Source one did not stop in time; its lease is not released"] == logged(caplog, logging.WARNING)
    assert runner.owner == sources.status("one").holder


def test_a_runner_can_be_limited_to_some_sources(store, sources, types):
    """The others are left to other processes."""
    for name in ("one", "two", "three"):
        sources.add(SourceDraft(name, "scripted", {}))
    runner = runner_of(store, types)

    runner.start({"one", "three"})
    try:
        wait_until(lambda: [SourceState.RUNNING] * 2 == [sources.status(name).state for name in ("one", "three")])
        runner.wake()
        types.plugins["scripted"].wait_until_working()
    finally:
        runner.stop(PATIENCE_SECONDS)

    assert ["two"] == [source.name for source in _claimed_by_another(store, {"two", "four"})]


def _claimed_by_another(store: Store, names: set[str]) -> Sequence[RegisteredSource]:
    now = utc_now()
    return store.sources.claim("another", now, now + timedelta(minutes=1), names=names)


def test_a_runner_can_be_started_only_once_and_stopped_at_any_time(store, types):
    """Stopping one that never ran is harmless."""
    runner = runner_of(store, types)
    runner.wake()
    assert runner.stop()

    runner.start()
    with pytest.raises(RuntimeError, match="once"):
        runner.start()

    assert runner.stop(PATIENCE_SECONDS)
    assert runner.stop()


FORKING = """
import json, os, sys
from pulp_notifiers.app import App
from pulp_notifiers.settings import Settings

app = App.from_settings(Settings({"notifiers": {"state_directory": sys.argv[1]}}))
received, sent = os.pipe()
for _ in range(2):
    if os.fork() == 0:
        app.source_runner.start()
        os.write(sent, f"{app.source_runner.owner} {os.getpid()}\\n".encode())
        app.source_runner.stop()
        os._exit(0)
for _ in range(2):
    os.wait()
print(json.dumps([line.split() for line in os.read(received, 1000).decode().splitlines()]))
app.close()
"""


def test_forked_processes_have_different_lease_holders(tmp_path):
    """Otherwise one could take the other's lease for its own."""
    owners = json_printed_by(FORKING, str(tmp_path))

    assert [pid for _, pid in owners] == [owner.split(":")[1] for owner, _ in owners]
    assert 2 == len({owner for owner, _ in owners})
