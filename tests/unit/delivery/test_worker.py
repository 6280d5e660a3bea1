"""The worker's threads at work: order, shares, slow attempts and leases."""

import threading
from datetime import timedelta

from pulp_notifiers.records import DeliveryState
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


def test_a_slow_attempt_makes_room_for_others_however_seldom_the_worker_polls():
    """Only the time shows that it has become slow."""
    claims, attempts = RecordedClaims(claim_of("hangs", 1, 10), claim_of("quick", 2, 20)), PreparedAttempts()
    attempts.gates["hangs"] = threading.Event()

    with running(claims, attempts, threads=1, poll=timedelta(seconds=60), lease=timedelta(hours=1)):
        claims.wait_for(1)

        assert [20] == [each.delivery.id for each in claims.recorded]


def test_old_deliveries_are_deleted_after_the_time_for_their_state():
    """Dead letters are kept 83 days longer by default."""

    class Old:
        asked = threading.Semaphore(0)

        def prune(self, delivered_before, dead_before):
            self.span = delivered_before - dead_before
            self.asked.release()
            return 3

    old = Old()

    with running(RecordedClaims(), PreparedAttempts(), history=old):
        assert old.asked.acquire(timeout=SECONDS)

    assert timedelta(days=83) == old.span
