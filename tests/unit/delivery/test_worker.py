"""The worker's threads, with claims given out from memory."""

import logging
import threading
from contextlib import contextmanager
from datetime import timedelta

import pytest

from pulp_notifiers.delivery import Worker, WorkerOptions
from pulp_notifiers.errors import StoreUnavailable
from pulp_notifiers.event import Event
from pulp_notifiers.records import Attempt, Claim, DeliveryState, Outcome, OwedDelivery
from tests.support.memory import START, ClaimTable, NoHistory

SECONDS = 60  # a deadline for what happens at once; reached only when something is broken


def claim_of(listener: str, lane: int, *numbers: int) -> Claim:
    owed = tuple(OwedDelivery(number, Event("a", {}), "", 0) for number in numbers)
    return Claim(lane, f"owner{lane}", listener, owed)


class Scripted:
    """Attempts that end as prepared, and that can be held up."""

    def __init__(self, **pending: DeliveryState) -> None:
        self.states = {int(number.removeprefix("d")): state for number, state in pending.items()}
        self.changed = threading.Condition()
        self.attempted: list[int] = []
        self.gates: dict[str, threading.Event] = {}

    def run(self, listener_id: str, delivery: OwedDelivery) -> Outcome:
        with self.changed:
            self.attempted.append(delivery.id)
            self.changed.notify_all()
        if listener_id in self.gates:
            assert self.gates[listener_id].wait(SECONDS)
        state = self.states.get(delivery.id, DeliveryState.DELIVERED)
        due_at = START if state is DeliveryState.PENDING else None
        return Outcome(state, Attempt(1, START, START, None), due_at)

    def overdue(self, listener_id: str, delivery: OwedDelivery, limit: timedelta) -> Outcome:
        return Outcome(DeliveryState.PENDING, Attempt(1, START, START, "overdue"), START)

    def wait_for(self, *numbers: int) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: set(numbers) <= set(self.attempted), SECONDS), self.attempted


class Recorder(ClaimTable):
    """Claims that tell when something was recorded."""

    def __init__(self, *claims: Claim) -> None:
        super().__init__(*claims)
        self.changed = threading.Condition()

    def record(self, claim, delivery, outcome, now, last):
        held = super().record(claim, delivery, outcome, now, last)
        with self.changed:
            self.changed.notify_all()
        return held

    def wait_for(self, count: int) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.recorded) >= count, SECONDS), self.recorded


@contextmanager
def running(claims, attempts, threads=4, history=None, **options):
    worker = Worker(claims, history or NoHistory(), attempts, WorkerOptions(threads=threads, **options))
    worker.start()
    try:
        yield worker
    finally:
        for gate in attempts.gates.values():
            gate.set()
        assert worker.stop(SECONDS)


def test_the_deliveries_of_a_lane_go_out_in_order_and_each_is_recorded():
    """The lane is given back with the last."""
    claims, attempts = Recorder(claim_of("l", 1, 10, 11, 12)), Scripted()

    with running(claims, attempts):
        claims.wait_for(3)

    assert [10, 11, 12] == attempts.attempted
    assert [(10, False), (11, False), (12, True)] == [(owed.id, last) for _, owed, _, last in claims.recorded]


def test_a_delivery_that_stays_pending_holds_up_the_rest_of_its_lane():
    """Or the order would be lost."""
    claims, attempts = Recorder(claim_of("l", 1, 10, 11, 12)), Scripted(d11=DeliveryState.PENDING)

    with running(claims, attempts):
        claims.wait_for(2)

    assert [10, 11] == attempts.attempted


def test_a_dead_letter_does_not_hold_up_its_lane():
    """It will not be attempted again."""
    claims, attempts = Recorder(claim_of("l", 1, 10, 11)), Scripted(d10=DeliveryState.DEAD)

    with running(claims, attempts):
        claims.wait_for(2)

    assert [10, 11] == attempts.attempted


def test_a_receiver_that_hangs_delays_nobody_else():
    """Its listener has its share of the threads and no more."""
    claims = Recorder(*(claim_of("slow", lane, lane) for lane in range(8)), claim_of("quick", 100, 100))
    attempts = Scripted()
    attempts.gates["slow"] = threading.Event()

    with running(claims, attempts, threads=4):
        attempts.wait_for(100)
        claims.wait_for(1)

        assert 1 == len([number for number in attempts.attempted if number < 8])


def test_a_lost_lease_ends_the_work_on_a_lane(caplog):
    """Another worker has it now."""
    claims, attempts = Recorder(claim_of("l", 1, 10, 11), claim_of("l", 2, 20)), Scripted()
    claims.lost.add(1)

    with running(claims, attempts):
        claims.wait_for(1)
        attempts.wait_for(10, 20)

    assert 11 not in attempts.attempted
    assert "what came of it is not recorded" in caplog.text


def test_stopping_finishes_the_attempt_under_way_and_gives_back_the_rest():
    """Nothing waits for a lease to end."""
    claims, attempts = Recorder(claim_of("l", 1, 10, 11), claim_of("l", 2, 20)), Scripted()
    attempts.gates["l"] = threading.Event()
    worker = Worker(claims, NoHistory(), attempts, WorkerOptions(threads=4))
    worker.start()
    attempts.wait_for(10)

    stopped: list[bool] = []
    stopping = threading.Thread(target=lambda: stopped.append(worker.stop(SECONDS)))
    stopping.start()
    while worker.running:
        pass
    attempts.gates["l"].set()
    stopping.join()

    assert [True] == stopped
    assert [(10, True)] == [(owed.id, last) for _, owed, _, last in claims.recorded]
    assert [2] == [claim.lane for claim in claims.released]


def test_an_attempt_that_never_ends_does_not_hold_up_the_end():
    """Its lane is left to its lease."""
    claims, attempts = Recorder(claim_of("l", 1, 10)), Scripted()
    attempts.gates["l"] = threading.Event()
    worker = Worker(claims, NoHistory(), attempts, WorkerOptions(threads=1))
    worker.start()
    attempts.wait_for(10)

    assert not worker.stop(0.01)

    attempts.gates["l"].set()
    assert worker.stop(SECONDS)


def test_leases_of_what_is_held_are_renewed():
    """Long before they end."""

    class Renewed(Recorder):
        renewals = threading.Semaphore(0)

        def renew(self, claims, until):
            super().renew(claims, until)
            self.renewals.release()

    claims, attempts = Renewed(claim_of("l", 1, 10)), Scripted()
    attempts.gates["l"] = threading.Event()

    with running(claims, attempts, lease=timedelta(seconds=0.03)):
        attempts.wait_for(10)
        while not claims.renewed or not claims.renewed[-1][0]:
            assert claims.renewals.acquire(timeout=SECONDS)

        assert [1] == [claim.lane for claim in claims.renewed[-1][0]]


def test_an_attempt_that_never_ends_is_given_up_and_its_thread_replaced():
    """A notifier without a time-out must not take a thread away for good."""
    claims, attempts = Recorder(claim_of("hangs", 1, 10), claim_of("quick", 2, 20)), Scripted()
    attempts.gates["hangs"] = threading.Event()

    with running(claims, attempts, threads=1, attempt_limit=timedelta(seconds=0.02), poll=timedelta(seconds=0.01)):
        claims.wait_for(2)

    assert [("overdue", 10), (None, 20)] == [
        (outcome.attempt.error, owed.id) for _, owed, outcome, _ in claims.recorded[:2]
    ]


def test_a_slow_attempt_makes_room_however_seldom_the_worker_polls():
    """Nothing but the time tells that it has become slow."""
    claims, attempts = Recorder(claim_of("hangs", 1, 10), claim_of("quick", 2, 20)), Scripted()
    attempts.gates["hangs"] = threading.Event()

    with running(claims, attempts, threads=1, poll=timedelta(seconds=60), lease=timedelta(hours=1)):
        claims.wait_for(1)

        assert [20] == [owed.id for _, owed, _, _ in claims.recorded]


def test_a_worker_is_started_once():
    """Twice the threads would be twice the attempts."""
    with running(Recorder(), Scripted()) as worker, pytest.raises(RuntimeError, match="started once"):
        worker.start()


def test_stopping_while_the_database_is_away_is_no_error(caplog):
    """Leases end by themselves."""

    class Away(Recorder):
        def release(self, claims):
            raise StoreUnavailable("gone")

    with running(Away(), Scripted()):
        pass

    assert "left to its leases: gone" in caplog.text


def test_an_outage_of_the_database_is_two_lines_and_work_goes_on(caplog):
    """One when it begins and one when it is over."""
    caplog.set_level(logging.INFO)

    class Away(Recorder):
        refusals = 5

        def claim(self, *arguments):
            if self.refusals:
                self.refusals -= 1
                raise StoreUnavailable("no route to database")
            return super().claim(*arguments)

    claims, attempts = Away(claim_of("l", 1, 10)), Scripted()

    with running(claims, attempts, poll=timedelta(seconds=0.001)):
        claims.wait_for(1)

    told = [record.getMessage() for record in caplog.records if "lease" not in record.getMessage()]
    assert [
        "Deliveries are waiting for the database: no route to database",
        "The database answers again; deliveries continue",
    ] == told


@pytest.mark.parametrize("where", ["claim", "record"])
def test_a_bug_is_told_and_does_not_end_the_worker(caplog, where):
    """Or nothing would be delivered any more."""

    class Buggy(Recorder):
        bugs = 1

        def claim(self, *arguments):
            self._fail_once("claim")
            return super().claim(*arguments)

        def record(self, *arguments):
            self._fail_once("record")
            return super().record(*arguments)

        def _fail_once(self, place):
            if place == where and self.bugs:
                self.bugs -= 1
                raise ZeroDivisionError

    claims, attempts = Buggy(claim_of("l", 1, 10), claim_of("m", 2, 20)), Scripted()

    with running(claims, attempts, threads=1, poll=timedelta(seconds=0.001)):
        claims.wait_for(1)

    assert "Unexpected error" in caplog.text


def test_old_deliveries_are_deleted():
    """By their state and age."""

    class Old:
        asked = threading.Semaphore(0)

        def prune(self, delivered_before, dead_before):
            self.span = delivered_before - dead_before
            self.asked.release()
            return 3

    old = Old()

    with running(Recorder(), Scripted(), history=old):
        assert old.asked.acquire(timeout=SECONDS)

    assert timedelta(days=83) == old.span
