"""Sources whose lease is lost or cannot be renewed."""

import logging
import threading
from datetime import timedelta

from pulp_notifiers.delivery import Deliveries
from pulp_notifiers.errors import LeaseLost
from pulp_notifiers.event import Event
from pulp_notifiers.records import Listener, SourceDraft, SourceState
from pulp_notifiers.source import Intake
from pulp_notifiers.sources import RunOptions
from tests.support.source_runners import PATIENCE_SECONDS, POLL, Deaf, Flaky, Scripted, logged, running, wait_until


def test_a_source_stops_writing_when_another_process_takes_its_lease(store, sources, types, caplog, open_store):
    """The exception from its take() ends it, and no error is logged."""
    store.listeners.add(Listener("mail", {}, ("a",), id="1" * 24))
    failures: list[Exception] = []

    def take_when_lost(intake: Intake) -> None:
        intake.take([Event("a", {})], remember={"n": 1})
        other = open_store()
        now = sources.list()[0].created_at + timedelta(minutes=10)
        # Repeatedly, because a row that is just being renewed is skipped.
        wait_until(lambda: bool(other.sources.claim("another", now, now + timedelta(minutes=10))))
        try:
            intake.take([Event("a", {})], remember={"n": 2})
        except LeaseLost as lost:
            failures.append(lost)
            raise

    types.plugins["scripted"] = Scripted(take_when_lost)
    source = sources.add(SourceDraft("one", "scripted", {}))
    with running(store, types):
        wait_until(
            lambda: "Another process has taken over source one; stopping it here" in logged(caplog, logging.INFO)
        )

    assert 1 == len(failures)
    assert {"n": 1} == store.sources.memory(source.id)
    assert 1 == len(Deliveries(store.history).list()[1])
    assert "another" == sources.status("one").holder
    assert [] == logged(caplog, logging.ERROR)


def test_a_source_stops_while_its_lease_cannot_be_renewed_and_continues_afterwards(store, sources, types, caplog):
    """Another process may run it meanwhile."""
    leases = Flaky(store)
    sources.add(SourceDraft("one", "scripted", {}))
    options = RunOptions(lease=timedelta(seconds=1), poll=POLL)

    with running(store, types, options, leases):
        intake = types.plugins["scripted"].wait_until_working()
        leases.away = True
        assert intake.stopping.wait(PATIENCE_SECONDS)
        leases.away = False
        types.plugins["scripted"].wait_until_working()

    errors = logged(caplog, logging.ERROR)
    assert 1 == errors.count("Sources are waiting for the database: away")
    assert "The lease of source one could not be renewed in time; stopping it here" in errors
    assert "The database answers again; sources continue" in logged(caplog, logging.INFO)


def test_a_source_that_does_not_stop_is_not_run_twice_in_one_process(store, sources, types):
    """Its lease is free again, but its old run has not ended."""
    deaf = Deaf()
    leases = Flaky(store)
    types.plugins["scripted"] = Scripted(deaf)
    sources.add(SourceDraft("one", "scripted", {}))
    options = RunOptions(lease=timedelta(seconds=0.5), poll=POLL)
    with running(store, types, options, leases):
        assert deaf.reached.wait(PATIENCE_SECONDS)
        leases.away = True
        wait_until(lambda: sources.status("one").state is SourceState.WAITING)
        leases.away = False
        threading.Event().wait(0.2)
        assert 1 == types.plugins["scripted"].runs
        deaf.released.set()
        types.plugins["scripted"].wait_until_working()
