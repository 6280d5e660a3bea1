"""The worker's threads at work: order, shares, slow attempts and leases."""

import threading
from dataclasses import replace
from datetime import timedelta

import pytest

from pulp_notifiers.delivery import Worker, WorkerOptions
from pulp_notifiers.delivery.fair_share import SLOW_SECONDS
from pulp_notifiers.delivery.held_lanes import HeldLanes
from pulp_notifiers.records import Claimed, DeliveryState, LeaseOffer, Pruned, Written
from tests.support.memory import Clock, NothingOld
from tests.support.waiting import wait_until
from tests.support.workers import SECONDS, PreparedAttempts, RecordedClaims, claim_of, running


def test_the_deliveries_of_a_lane_are_attempted_in_order_and_each_is_recorded():
    """The lane is released with the last one."""
    claims, attempts = RecordedClaims(claim_of("l", 1, 10, 11, 12)), PreparedAttempts()

    with running(claims, attempts):
        claims.wait_for(3)

    assert [10, 11, 12] == attempts.attempted
    assert [(10, False), (11, False), (12, True)] == [(each.delivery.id, each.last) for each in claims.recorded]


def test_a_delivery_that_stays_pending_holds_up_the_rest_of_its_lane():
    """Otherwise the order would be lost."""
    claims, attempts = RecordedClaims(claim_of("l", 1, 10, 11, 12)), PreparedAttempts(d11=DeliveryState.PENDING)

    with running(claims, attempts):
        claims.wait_for(2)

    assert [10, 11] == attempts.attempted


def test_a_dead_letter_does_not_hold_up_its_lane():
    """It will not be attempted again."""
    claims, attempts = RecordedClaims(claim_of("l", 1, 10, 11)), PreparedAttempts(d10=DeliveryState.DEAD)

    with running(claims, attempts):
        claims.wait_for(2)

    assert [10, 11] == attempts.attempted


def test_a_receiver_that_hangs_delays_nobody_else():
    """Its listener holds its share of the threads and no more."""
    claims = RecordedClaims(*(claim_of("slow", lane, lane) for lane in range(8)), claim_of("quick", 100, 100))
    attempts = PreparedAttempts()
    attempts.gates["slow"] = threading.Event()

    with running(claims, attempts, threads=4):
        attempts.wait_for(0, 100)
        claims.wait_for(1)

        assert 1 == len([number for number in attempts.attempted if number < 8])


def test_a_lost_lease_ends_the_work_on_a_lane(caplog):
    """Another worker has the lane now."""
    claims, attempts = RecordedClaims(claim_of("l", 1, 10, 11), claim_of("l", 2, 20)), PreparedAttempts()
    claims.lost.add(1)

    with running(claims, attempts):
        claims.wait_for(1)
        attempts.wait_for(10, 20)

    assert 11 not in attempts.attempted
    assert "the outcome is not recorded" in caplog.text


def test_the_leases_of_held_lanes_are_renewed():
    """That happens long before they end."""

    class Renewed(RecordedClaims):
        renewals = threading.Semaphore(0)

        def renew(self, claims, until):
            lost = super().renew(claims, until)
            self.renewals.release()
            return lost

    claims, attempts = Renewed(claim_of("l", 1, 10)), PreparedAttempts()
    attempts.gates["l"] = threading.Event()

    with running(claims, attempts, lease=timedelta(seconds=0.03)):
        attempts.wait_for(10)
        while not claims.renewed or not claims.renewed[-1][0]:
            assert claims.renewals.acquire(timeout=SECONDS)

        assert [1] == [claim.lane for claim in claims.renewed[-1][0]]


def test_an_attempt_that_never_ends_is_given_up_and_its_thread_replaced():
    """A notifier without a time-out does not take a thread away for good."""
    claims, attempts = RecordedClaims(claim_of("hangs", 1, 10), claim_of("quick", 2, 20)), PreparedAttempts()
    attempts.gates["hangs"] = threading.Event()

    with running(claims, attempts, threads=1, attempt_limit=timedelta(seconds=0.02), poll=timedelta(seconds=0.01)):
        claims.wait_for(2)

    assert [("overdue", 10), (None, 20)] == [
        (each.outcome.attempt.error, each.delivery.id) for each in claims.recorded[:2]
    ]


def test_there_are_no_more_threads_however_many_quick_deliveries_there_are():
    """A thread that waits until outcomes are recorded needs no other in its place."""
    claims = RecordedClaims(*(claim_of(f"l{lane % 20}", lane, lane) for lane in range(2000)))

    with running(claims, PreparedAttempts(), threads=4):
        claims.wait_for(2000)
        names = [each.name for each in threading.enumerate()]

    assert 4 * 8 >= len([name for name in names if name.startswith("pulp-notifiers-attempts")])


def test_threads_are_replaced_also_if_as_many_attempts_as_possible_are_given_up_at_once():
    """Otherwise none is left, and nothing is delivered until a restart."""
    now, started = [0.0], []
    lanes = HeldLanes(1, 1e9, lambda: started.append(now[0]) or True, lambda: now[0])
    lanes.end_round(Claimed([claim_of(f"l{number}", number, number) for number in range(8)], False, None, 0), set())
    for _ in range(8):
        assert lanes.next(lambda: True) is not None
        now[0] += 2 * SLOW_SECONDS
    assert 7 == len(started)

    assert 8 == len(lanes.overdue(SLOW_SECONDS))

    assert 8 == len(started)


def test_a_slow_attempt_makes_room_for_others_however_seldom_the_worker_polls():
    """Only the time shows that it has become slow."""
    claims, attempts = RecordedClaims(claim_of("hangs", 1, 10), claim_of("quick", 2, 20)), PreparedAttempts()
    attempts.gates["hangs"] = threading.Event()

    with running(claims, attempts, threads=1, poll=timedelta(seconds=60), lease=timedelta(hours=1)):
        claims.wait_for(1)

        assert [20] == [each.delivery.id for each in claims.recorded]


def test_old_deliveries_and_events_are_deleted_after_the_time_for_their_kind():
    """Dead letters are kept 83 days longer than delivered ones by default, and events a week."""

    class Old:
        asked = threading.Semaphore(0)

        def prune(self, delivered_before, dead_before, events_before):
            self.spans = delivered_before - dead_before, delivered_before - events_before
            self.asked.release()
            return Pruned(3, 2)

    old = Old()

    with running(RecordedClaims(), PreparedAttempts(), old_rows=old):
        assert old.asked.acquire(timeout=SECONDS)

    assert (timedelta(days=83), timedelta(days=7)) == old.spans


def offered(worker: Worker, listener: str) -> LeaseOffer:
    """Return an offer of the worker with room for a listener, once it has noted that nothing else is due."""
    while not (offer := worker.offer_lease()) or not offer.room(listener):
        pass
    return offer


def test_lanes_of_events_fired_in_this_process_are_attempted_without_a_claim():
    """The transaction that fired them leased them to this worker, and read the listeners' revision."""
    claims, attempts = RecordedClaims(claim_of("proven", 1, 10)), PreparedAttempts()

    with running(claims, attempts) as worker:
        claims.wait_for(1)
        offer = offered(worker, "proven")
        worker.take_over(offer, Written(1, [replace(claim_of("proven", 2, 20), owner=offer.owner)], 8))
        claims.wait_for(2)

        assert offer.owner != worker.offer_lease().owner

    assert [10, 20] == attempts.attempted
    assert [0, 8] == attempts.revisions
    assert worker.offer_lease() is None


def test_a_lane_that_comes_when_the_worker_has_stopped_is_released():
    """Its event was fired at the same moment; the next worker need not wait for the end of the lease."""
    claims = RecordedClaims()
    with running(claims, PreparedAttempts()) as worker:
        offer = offered(worker, "l")
    late = claim_of("l", 1, 10)

    worker.take_over(offer, Written(1, [late]))

    assert [late] == claims.released


@pytest.mark.parametrize("seconds_of_commit", [11.0, 31.0])
def test_a_lane_that_comes_after_a_renewal_or_the_end_of_its_lease_is_released(seconds_of_commit):
    """The process was frozen during the commit: another worker may hold the lane already."""
    seconds = [0.0]
    claims, attempts = RecordedClaims(), PreparedAttempts()
    renewed = threading.Semaphore(0)
    claims.renew = lambda held, until: renewed.release() or []
    worker = Worker(claims, NothingOld(), attempts, WorkerOptions(threads=2), monotonic=lambda: seconds[0])
    worker.start()
    offer = offered(worker, "l")

    seconds[0] = seconds_of_commit
    worker.wake()
    assert renewed.acquire(timeout=SECONDS)
    worker.take_over(offer, Written(1, [claim_of("l", 1, 10)]))
    assert worker.stop(SECONDS)

    assert [1] == [claim.lane for claim in claims.released]
    assert [] == attempts.attempted


def test_nothing_is_leased_for_a_listener_whose_receiver_does_not_answer():
    """Another worker may be able to reach it, and its events wait in the database, not in memory."""
    claims, attempts = RecordedClaims(claim_of("hangs", 1, 10)), PreparedAttempts()
    attempts.gates["hangs"] = threading.Event()

    with running(claims, attempts) as worker:
        attempts.wait_for(10)
        offer = offered(worker, "new")

        assert 1 == offer.room("new")
        assert 0 == offer.room("hangs")


def test_attempts_that_never_return_do_not_keep_others_from_beginning():
    """However many were given up, their threads are replaced."""
    claims = RecordedClaims(*(claim_of(f"hangs{number}", number, number) for number in range(1, 21)))
    attempts = PreparedAttempts()
    attempts.gates.update({f"hangs{number}": threading.Event() for number in range(1, 21)})

    with running(claims, attempts, threads=1, attempt_limit=timedelta(seconds=0.01), poll=timedelta(seconds=0.005)):
        claims.wait_for(20)
        claims.waiting.append(claim_of("quick", 100, 100))
        attempts.wait_for(100)


def test_a_worker_that_was_frozen_waits_until_its_leases_are_renewed():
    """Others may hold its lanes; the renewal shows which, and those are not attempted."""
    seconds = [0.0]
    claims = RecordedClaims(claim_of("l", 1, 10), claim_of("m", 2, 20), claim_of("n", 3, 30))
    attempts = PreparedAttempts()
    attempts.gates["l"] = threading.Event()
    worker = Worker(claims, NothingOld(), attempts, WorkerOptions(threads=2), monotonic=lambda: seconds[0])
    worker.start()
    attempts.wait_for(10)
    while not worker._lanes._share.lanes_wait:
        pass

    claims.lost = {2}
    seconds[0] = 31.0
    assert worker.offer_lease() is None
    worker.wake()
    attempts.wait_for(30)
    attempts.gates["l"].set()
    assert worker.stop(SECONDS)

    assert 20 not in attempts.attempted


def test_attempts_use_the_listeners_as_they_are_after_a_claim():
    """A changed URL counts for the next event."""
    claims, attempts = RecordedClaims(claim_of("l", 1, 10)), PreparedAttempts()
    claims.revision = 7

    with running(claims, attempts):
        claims.wait_for(1)

    assert [7] == attempts.revisions


@pytest.mark.parametrize("seconds", [-172800, 172800])
def test_leases_are_renewed_at_once_when_the_clock_changes(caplog, seconds):
    """Before lanes are claimed, or the worker would take over its own."""
    clock = Clock()
    attempts = PreparedAttempts()
    attempts.gates["l"] = threading.Event()
    claims = RecordedClaims(claim_of("l", 1, 1))
    options = WorkerOptions(threads=4, poll=timedelta(milliseconds=10))
    worker = Worker(claims, NothingOld(), attempts, options, clock, monotonic=lambda: 0.0)
    worker.start()
    attempts.wait_for(1)
    assert [] == claims.renewed

    clock.advance(seconds)
    wait_until(lambda: claims.renewed)
    attempts.gates["l"].set()
    claims.wait_for(1)
    assert worker.stop(SECONDS)

    renewed, until = claims.renewed[0]
    assert ([1], clock() + options.lease) == ([claim.lane for claim in renewed], until)
    assert f"The clock was changed by {seconds} seconds" in caplog.text


def test_other_processes_have_time_to_renew_their_leases_after_the_clock_was_set_forward():
    """By it they have ended; and whatever is fired meanwhile wakes the worker at once."""

    class CountedClaims(RecordedClaims):
        rounds = 0

        def claim(self, *arguments):
            self.rounds += 1
            return super().claim(*arguments)

    class CountedClock(Clock):
        calls = 0

        def __call__(self):
            self.calls += 1
            return super().__call__()

    clock, claims, passed = CountedClock(), CountedClaims(), [0.0]
    options = WorkerOptions(threads=4, poll=timedelta(seconds=1))
    worker = Worker(claims, NothingOld(), PreparedAttempts(), options, clock, monotonic=lambda: passed[0])
    worker.start()
    wait_until(lambda: claims.rounds)
    clock.advance(86400)
    worker.wake()
    wait_until(lambda: claims.renewed)
    before = claims.rounds

    for _ in range(4):
        calls = clock.calls
        worker.wake()
        wait_until(lambda calls=calls: clock.calls > calls)
    assert before == claims.rounds

    passed[0] += 1.0
    clock.advance(1.0)
    worker.wake()
    wait_until(lambda: claims.rounds > before)
    assert worker.stop(SECONDS)
