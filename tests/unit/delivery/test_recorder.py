"""Outcomes that are recorded in batches, and those that cannot be."""

import threading
from datetime import timedelta

import pytest

from pulp_notifiers.delivery.fair_share import HeldLane
from pulp_notifiers.delivery.recorder import MOST_UNRECORDED, Recorder
from pulp_notifiers.errors import StoreUnavailable
from pulp_notifiers.records import Attempt, Attempted, DeliveryState, LaneState, Outcome
from tests.support.memory import START
from tests.support.workers import SECONDS, claim_of

DELIVERED = Outcome(DeliveryState.DELIVERED, Attempt(1, START, START, None))


class Table:
    """Keeps the batches; a gate can hold them up, and prepared errors are raised first."""

    def __init__(self, *errors):
        self.errors = list(errors)
        self.batches = []
        self.gate = threading.Event()
        self.gate.set()
        self.entered = threading.Semaphore(0)

    def record(self, attempted, now):
        self.entered.release()
        assert self.gate.wait(SECONDS)
        if self.errors:
            raise self.errors.pop(0)
        self.batches.append([each.claim.lane for each in attempted])
        return [LaneState.EMPTY] * len(attempted)


class Scene:
    """A recorder over a table, and what it reported."""

    def __init__(self, table, patience=60.0):
        self.table, self.states, self.outages = table, {}, []
        self.recorder = Recorder(table, self.recorded, self.outages.append, timedelta(seconds=patience))

    def __enter__(self):
        self.recorder.start()
        return self

    def __exit__(self, *exception):
        self.table.gate.set()
        self.recorder.stop()

    def recorded(self, lane, attempted, state):
        self.states[lane.claim.lane] = state

    def hand_over(self, number, awaited=True):
        claim = claim_of("l", number, number)
        self.recorder.hand_over(HeldLane(claim), Attempted(claim, claim.deliveries[0], DELIVERED, True), awaited)


def test_what_is_handed_over_during_a_commit_is_recorded_together():
    """In the order in which it came."""
    table = Table()
    table.gate.clear()
    with Scene(table) as scene:
        scene.hand_over(1)
        assert table.entered.acquire(timeout=SECONDS)
        for number in (2, 3, 4):
            scene.hand_over(number)

    assert [[1], [2, 3, 4]] == table.batches
    assert [LaneState.EMPTY] * 4 == list(scene.states.values())


def test_outcomes_for_which_no_thread_waits_are_recorded_too():
    """They are only gathered for a moment."""
    with Scene(Table()) as scene:
        scene.hand_over(1, awaited=False)
        assert scene.table.entered.acquire(timeout=SECONDS)

    assert [[1]] == scene.table.batches


def test_outcomes_are_kept_while_the_database_does_not_answer():
    """They are recorded when it does; nothing is repeated."""
    with Scene(Table(StoreUnavailable("gone"), StoreUnavailable("still gone"))) as scene:
        scene.hand_over(1)
        for _ in range(3):
            assert scene.table.entered.acquire(timeout=SECONDS)

    assert [[1]] == scene.table.batches
    assert ["gone", "still gone"] == list(map(str, scene.outages))


def test_outcomes_are_dropped_when_their_leases_have_ended(caplog):
    """Their deliveries are attempted again, and the log says so."""
    with Scene(Table(StoreUnavailable("gone")), patience=0.0) as scene:
        scene.hand_over(1)

    assert {1: None} == scene.states
    assert "could not be recorded" in caplog.text


def test_an_unexpected_error_costs_only_the_outcome_that_caused_it(caplog):
    """The others of its batch are recorded one by one."""
    table = Table()
    table.gate.clear()
    with Scene(table) as scene:
        scene.hand_over(1)
        assert table.entered.acquire(timeout=SECONDS)
        table.errors = [ZeroDivisionError(), ZeroDivisionError()]
        for number in (2, 3):
            scene.hand_over(number)
        # The first error is that of lane 1 alone, the second that of the batch.

    assert {1: None, 2: LaneState.EMPTY, 3: LaneState.EMPTY} == scene.states
    assert "Unexpected error while recording outcomes" in caplog.text


def test_threads_wait_while_too_many_outcomes_are_unrecorded():
    """That bounds what is repeated after a kill."""
    table = Table()
    table.gate.clear()
    passed = threading.Event()
    with Scene(table) as scene:
        for number in range(MOST_UNRECORDED):
            scene.hand_over(number)
        waiting = threading.Thread(target=lambda: (scene.recorder.wait_for_room(), passed.set()))
        waiting.start()
        assert not passed.is_set()
        table.gate.set()
        assert passed.wait(SECONDS)
        waiting.join()


def test_threads_that_are_to_end_do_not_wait_for_room():
    """A worker stops quickly also while the database does not answer."""
    table = Table()
    table.gate.clear()
    with Scene(table) as scene:
        for number in range(MOST_UNRECORDED):
            scene.hand_over(number)

        scene.recorder.let_go()

        scene.recorder.wait_for_room()


def test_an_outcome_that_comes_after_the_stop_is_recorded_at_once():
    """Its attempt took longer than the worker waits for when it stops."""
    with Scene(Table()) as scene:
        pass

    scene.hand_over(1)

    assert {1: LaneState.EMPTY} == scene.states


@pytest.mark.parametrize("count", [0, 3])
def test_stopping_records_what_was_handed_over(count):
    """Also if that is nothing."""
    with Scene(Table()) as scene:
        for number in range(count):
            scene.hand_over(number, awaited=False)

    assert list(range(count)) == [lane for batch in scene.table.batches for lane in batch]
