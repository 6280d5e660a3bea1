"""The worker from start to stop: outages of the database and bugs do not end it."""

import logging
import threading
import time
from datetime import timedelta

import pytest

from pulp_notifiers.delivery import Worker, WorkerOptions
from pulp_notifiers.errors import StoreUnavailable
from tests.support.memory import NothingOld
from tests.support.workers import SECONDS, PreparedAttempts, RecordedClaims, claim_of, running


def test_a_worker_can_be_started_only_once():
    """Twice the threads would be twice the attempts."""
    with (
        running(RecordedClaims(), PreparedAttempts()) as worker,
        pytest.raises(RuntimeError, match="started only once"),
    ):
        worker.start()


def test_stopping_finishes_running_attempts_and_releases_the_other_lanes():
    """No lane has to wait for the end of its lease."""
    claims, attempts = RecordedClaims(claim_of("l", 1, 10, 11), claim_of("m", 2, 20)), PreparedAttempts()
    attempts.gates["l"] = threading.Event()
    worker = Worker(claims, NothingOld(), attempts, WorkerOptions(threads=1), monotonic=lambda: 0.0)
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
    assert [(10, True)] == [(each.delivery.id, each.last) for each in claims.recorded]
    assert [2] == [claim.lane for claim in claims.released]


def test_stopping_does_not_wait_for_an_attempt_beyond_its_timeout():
    """The lane of that attempt is not released."""
    claims, attempts = RecordedClaims(claim_of("l", 1, 10)), PreparedAttempts()
    attempts.gates["l"] = threading.Event()
    worker = Worker(claims, NothingOld(), attempts, WorkerOptions(threads=1))
    worker.start()
    attempts.wait_for(10)

    assert not worker.stop(0.01)

    attempts.gates["l"].set()
    assert worker.stop(SECONDS)


def test_stopping_while_the_database_is_unavailable_is_only_a_warning(caplog):
    """The leases end by themselves."""

    class Away(RecordedClaims):
        def release(self, claims):
            raise StoreUnavailable("gone")

    with running(Away(), PreparedAttempts()):
        pass

    assert "could not be released: gone" in caplog.text


def test_an_outage_of_the_database_is_two_log_lines_and_work_continues(caplog):
    """One line is logged when it begins and one when it ends."""
    caplog.set_level(logging.INFO)

    class Away(RecordedClaims):
        refusals = 5

        def claim(self, *arguments):
            if self.refusals:
                self.refusals -= 1
                raise StoreUnavailable("no route to database")
            return super().claim(*arguments)

    claims, attempts = Away(claim_of("l", 1, 10)), PreparedAttempts()

    with running(claims, attempts, poll=timedelta(seconds=0.001)):
        claims.wait_for(1)

    lines = [record.getMessage() for record in caplog.records if "lease" not in record.getMessage()]
    assert [
        "Deliveries are waiting for the database: no route to database",
        "The database answers again; deliveries continue",
    ] == lines


def test_the_worker_rests_between_two_looks_while_the_database_is_away():
    """Held lanes and failed outcomes do not make it look again at once."""
    seconds = [0.0]

    class Away(RecordedClaims):
        looks = 0

        def renew(self, claims, until):
            Away.looks += 1
            raise StoreUnavailable("gone")

    claims, attempts = Away(claim_of("l", 1, 10), claim_of("m", 2, 20)), PreparedAttempts()
    attempts.gates["l"] = threading.Event()
    options = WorkerOptions(threads=2, poll=timedelta(seconds=0.05))
    worker = Worker(claims, NothingOld(), attempts, options, monotonic=lambda: seconds[0])
    worker.start()
    attempts.wait_for(10)
    seconds[0] = 31.0
    worker.wake()
    while Away.looks < 3:
        pass
    began = time.monotonic()
    before = Away.looks
    while Away.looks < before + 4:
        pass

    assert time.monotonic() - began > 0.1
    attempts.gates["l"].set()
    assert worker.stop(SECONDS)


@pytest.mark.parametrize("where", ["claim", "record"])
def test_an_unexpected_error_is_logged_and_does_not_end_the_worker(caplog, where):
    """Otherwise nothing would be delivered any more."""

    class Buggy(RecordedClaims):
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

    claims, attempts = Buggy(claim_of("l", 1, 10), claim_of("m", 2, 20)), PreparedAttempts()

    with running(claims, attempts, threads=1, poll=timedelta(seconds=0.001)):
        claims.wait_for(1)

    assert "Unexpected error" in caplog.text
