"""The worker: threads that make attempts, beside the one that claims lanes and the one that records outcomes."""

import logging
import os
import threading
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from itertools import count
from typing import Protocol
from uuid import uuid4

from ..errors import StoreUnavailable
from ..event import utc_now
from ..outage import Outage
from ..records import Attempted, Claim, LaneState, LeaseOffer, Outcome, OwedDelivery, Written
from .claim_loop import ClaimLoop, Leases, OldRows
from .fair_share import HeldLane
from .held_lanes import HeldLanes
from .options import WorkerOptions
from .recorder import Outcomes, Recorder

_logger = logging.getLogger(__name__)


class Claims(Leases, Outcomes, Protocol):
    """Where lanes are leased and outcomes recorded (:class:`pulp_notifiers.store.claims.Claims`)."""


class Attempts(Protocol):
    """Makes attempts (:class:`pulp_notifiers.delivery.AttemptRunner`)."""

    def run(self, listener_id: str, delivery: OwedDelivery, listeners_revision: int) -> Outcome: ...
    def overdue(self, listener_id: str, delivery: OwedDelivery, limit: timedelta) -> Outcome: ...


class Worker:
    """Attempts the deliveries that are due, until it is stopped.

    One thread claims lanes and renews their leases (:class:`.claim_loop.ClaimLoop`), and one records outcomes
    (:class:`.recorder.Recorder`). Each of the others makes an attempt in one lane, hands over its outcome, and goes on
    with another lane while that is committed; so a lane's next attempt begins only after the outcome of the one before
    is on disk, and after a kill each lane repeats one delivery at most. A lane whose delivery failed temporarily is
    released and claimed again when it is due.

    :param monotonic: seconds that never go back; leases are renewed by them, so a change of the clock does not matter.
    """

    def __init__(
        self,
        claims: Claims,
        old_rows: OldRows,
        attempts: Attempts,
        options: WorkerOptions | None = None,
        clock: Callable[[], datetime] = utc_now,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.options = options or WorkerOptions()
        self._claims = claims
        self._attempts = attempts
        self._clock = clock
        self._monotonic = monotonic
        self._outages = _Outages(clock)
        self._lanes = HeldLanes(self.options.threads, self.options.lease.total_seconds(), self._start_thread, monotonic)
        self._recorder = Recorder(claims, self._recorded, self._unrecorded, self.options.lease, clock, monotonic)
        self._claim_loop = ClaimLoop(
            claims, old_rows, self._lanes, self._outages, self._give_up, self.options, clock, monotonic
        )
        self._threads: list[threading.Thread] = []
        self._pid = 0
        self._name, self._offers = uuid4().hex, count()

    @property
    def running(self) -> bool:
        """Whether the threads are running, in this process."""
        return self._pid == os.getpid() and not self._lanes.stopping and self._claim_loop.running

    def start(self) -> None:
        """Start the threads.

        :raises RuntimeError: they were started before.
        """
        if self._pid:
            raise RuntimeError("A worker can be started only once; create another one.")
        self._pid = os.getpid()
        self._recorder.start()
        self._start_thread()
        self._claim_loop.start()

    def offer_lease(self) -> LeaseOffer | None:
        """Return an offer to hold the lanes that begin with an event now; None if this process delivers nothing."""
        if self._pid != os.getpid() or self._lanes.stopping or not self._lanes.leases_are_valid:
            return None
        owner = f"{self._name}-{next(self._offers)}"
        return LeaseOffer(owner, self._clock() + self.options.lease, self._monotonic(), self._lanes.room)

    def take_over(self, offer: LeaseOffer, written: Written) -> None:
        """Hold the lanes that were leased by an offer."""
        if not self._lanes.take_over(offer, written.claims, written.listeners_revision):
            self._release(written.claims)
            self._lanes.look_again()

    def wake(self) -> None:
        """Look for due deliveries now instead of at the next poll."""
        if self._pid == os.getpid():  # in a forked process no thread waits, and the lock may be held for ever
            self._lanes.look_again()

    def stop(self, timeout_seconds: float = 20.0) -> bool:
        """Finish the running attempts, record their outcomes, release the other lanes, and end the threads.

        :param timeout_seconds: how long to wait for attempts. The lane of one that still runs then is not released.
        :return: whether all threads ended.
        """
        if self._pid != os.getpid():
            return True
        self._lanes.stop()
        self._recorder.let_go()
        deadline = self._monotonic() + timeout_seconds
        for thread in self._threads:
            thread.join(max(0.0, deadline - self._monotonic()))
        self._recorder.stop()
        self._lanes.end()
        self._claim_loop.join()
        self._release(self._lanes.withdraw())
        return not any(thread.is_alive() for thread in self._threads)

    def _release(self, claims: Sequence[Claim]) -> None:
        try:
            self._claims.release(claims)
        except StoreUnavailable as unavailable:
            _logger.warning(
                "Claimed lanes could not be released: %s; they wait for the end of their leases", unavailable
            )

    def _start_thread(self) -> bool:
        name = f"pulp-notifiers-attempts-{len(self._threads)}"
        thread = threading.Thread(target=self._attempt_forever, name=name, daemon=True)
        try:
            thread.start()
        except RuntimeError as refused:  # by the system's limit
            _logger.error("No further thread could be started: %s; deliveries go on with those that run", refused)
            return False
        self._threads = [*(each for each in self._threads if each.is_alive()), thread]
        return True

    def _attempt_forever(self) -> None:
        needed = True
        while needed:
            self._recorder.wait_for_room()
            lane = self._lanes.next(self._recorder.has_room)
            # A thread whose attempt was given up has been replaced.
            needed = self._attempt(lane) if lane is not None else not self._lanes.stopping

    def _attempt(self, lane: HeldLane) -> bool:
        claim, delivery, outcome = lane.claim, lane.delivery, None
        try:
            outcome = self._attempts.run(claim.listener_id, delivery, self._lanes.listeners_revision)
        except StoreUnavailable as unavailable:
            self._outages.begin(unavailable)
        except Exception:  # the one broad except of this thread; the lane comes back when its lease ends
            _logger.exception("Unexpected error while working on lane %d; continuing", claim.lane)
        ended = self._lanes.attempt_ended(lane, outcome)
        if ended.counts and outcome is not None:
            self._recorder.hand_over(lane, Attempted(claim, delivery, outcome, ended.last), ended.awaited)
        return ended.counts

    def _give_up(self, lane: HeldLane) -> None:
        outcome = self._attempts.overdue(lane.claim.listener_id, lane.delivery, self.options.attempt_limit)
        self._recorder.hand_over(lane, Attempted(lane.claim, lane.delivery, outcome, last=True), awaited=False)

    def _unrecorded(self, unavailable: StoreUnavailable) -> None:
        self._outages.begin(unavailable, "outcomes")

    def _recorded(self, lane: HeldLane, attempted: Attempted, state: LaneState | None) -> None:
        if state is not None:
            self._outages.end("outcomes")
        if state is LaneState.LOST:
            _logger.warning(
                "The lease of lane %d ended during an attempt of delivery %d, or its listener was deleted: "
                "the outcome is not recorded",
                attempted.claim.lane,
                attempted.delivery.id,
            )
        self._lanes.recorded(lane, attempted, state)


class _Outages:
    """Logs when the database becomes unavailable to the worker and when it answers again, once each.

    Claiming may work while recording does not: what is due is only read if there is nothing.
    """

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._outage = Outage(clock)
        self._failing: set[str] = set()

    def begin(self, unavailable: StoreUnavailable, what: str = "claims") -> None:
        self._failing.add(what)
        level = self._outage.begin_at(logging.ERROR)
        _logger.log(level, "Deliveries are waiting for the database: %s", unavailable)

    def end(self, what: str = "claims") -> None:
        self._failing.discard(what)
        if not self._failing and self._outage.end():
            _logger.info("The database answers again; deliveries continue")
