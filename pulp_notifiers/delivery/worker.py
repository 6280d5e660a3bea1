"""The worker: threads that claim due lanes and run attempts."""

import logging
import math
import os
import threading
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from typing import Protocol
from uuid import uuid4

from ..errors import StoreUnavailable
from ..event import utc_now
from ..outage import Outage
from ..records import Attempted, Claim, Claimed, DeliveryState, LaneState, Lease, Outcome, OwedDelivery
from .fair_share import LANES_AT_ONCE, SLOW_SECONDS, FairShare, HeldLane
from .recorder import Outcomes, Recorder

_PRUNE_EVERY_SECONDS = 3600.0
_PRUNES_IN_RETENTION = 10
"""Old deliveries are looked for so often in the time that they are kept, and at least once an hour."""

_logger = logging.getLogger(__name__)


class Claims(Outcomes, Protocol):
    """Where lanes are claimed and outcomes recorded (:class:`pulp_notifiers.store.claims.Claims`)."""

    def claim(
        self,
        now: datetime,
        until: datetime,
        limit: int,
        except_listeners: Collection[str],
        most_of: Callable[[str], int],
    ) -> Claimed: ...
    def renew(self, claims: Iterable[Claim], until: datetime) -> list[Claim]: ...
    def release(self, claims: Iterable[Claim]) -> None: ...


class History(Protocol):
    """Deliveries that ended, which are deleted later (``pulp_notifiers.store``)."""

    def prune(self, delivered_before: datetime, dead_before: datetime) -> int: ...


class Attempts(Protocol):
    """Makes attempts (:class:`pulp_notifiers.delivery.AttemptRunner`)."""

    def run(self, listener_id: str, delivery: OwedDelivery, listeners_revision: int) -> Outcome: ...
    def overdue(self, listener_id: str, delivery: OwedDelivery, limit: timedelta) -> Outcome: ...


@dataclass(frozen=True, slots=True)
class WorkerOptions:
    """How a worker works.

    :ivar threads: how many attempts run at the same time.
    :ivar lease: how long until other workers take over a dead worker's lanes; a lease is renewed every third of
        that time.
    :ivar poll: how often to look for events that another process fired.
    :ivar attempt_limit: an attempt that takes longer counts as failed, and its thread is replaced.
    :ivar keep_delivered: delivered deliveries are deleted after this time.
    :ivar keep_dead: dead letters are deleted after this time.
    """

    threads: int = 16
    lease: timedelta = timedelta(seconds=30)
    poll: timedelta = timedelta(seconds=1)
    attempt_limit: timedelta = timedelta(minutes=5)
    keep_delivered: timedelta = timedelta(days=7)
    keep_dead: timedelta = timedelta(days=90)


class Worker:
    """Attempts the deliveries that are due, until it is stopped.

    One thread claims lanes and renews their leases, and one records outcomes (:class:`.recorder.Recorder`). Each of the
    others makes an attempt in one lane, hands over its outcome, and goes on with another lane while that is committed;
    so a lane's next attempt begins only after the outcome of the one before is on disk, and after a kill each lane
    repeats one delivery at most. A lane whose delivery failed temporarily is released and claimed again when it is due.

    :param monotonic: seconds that never go back; leases are renewed by them, so a change of the clock does not matter.
    """

    def __init__(
        self,
        claims: Claims,
        history: History,
        attempts: Attempts,
        options: WorkerOptions | None = None,
        clock: Callable[[], datetime] = utc_now,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.options = options or WorkerOptions()
        self._claims = claims
        self._history = history
        self._attempts = attempts
        self._clock = clock
        self._monotonic = monotonic
        self._share = FairShare(self.options.threads)
        self._recorder = Recorder(claims, self._recorded, self._begin_outage, self.options.lease, clock, monotonic)
        # One lock for everything below; whatever happens inside it is quick. Two conditions, because waking all
        # threads for each event costs more than the event.
        lock = threading.Lock()
        self._something_to_do = threading.Condition(lock)
        self._something_due = threading.Condition(lock)
        self._stopping = self._ended = False
        self._look_again = False
        # Whether lanes may be due that the last claim left, and those of which listeners.
        self._more_due = True
        self._left: set[str] = set()
        self._listeners_revision = 0
        self._name, self._offers = uuid4().hex, count()
        self._pid = 0
        self._claiming = threading.Thread(target=self._claim_forever, name="pulp-notifiers-claims", daemon=True)
        self._attempting: list[threading.Thread] = []
        self._resting = 0
        self._renewed_at = monotonic()
        kept = min(self.options.keep_delivered, self.options.keep_dead)
        self._prune_seconds = min(_PRUNE_EVERY_SECONDS, kept.total_seconds() / _PRUNES_IN_RETENTION)
        self._pruned_at = -math.inf
        self._outage = Outage(clock)

    @property
    def running(self) -> bool:
        """Whether the threads are running, in this process."""
        return self._pid == os.getpid() and not self._stopping and self._claiming.is_alive()

    def start(self) -> None:
        """Start the threads.

        :raises RuntimeError: they were started before.
        """
        if self._pid:
            raise RuntimeError("A worker can be started only once; create another one.")
        self._pid = os.getpid()
        self._recorder.start()
        self._start_attempting()
        self._claiming.start()

    def lease(self) -> Lease | None:
        """Return an offer to hold the lanes that begin with an event now; None if this process delivers nothing."""
        if self._pid != os.getpid() or self._stopping or not self._leases_are_valid():
            return None
        return Lease(f"{self._name}-{next(self._offers)}", self._clock() + self.options.lease, self._takes)

    def offer(self, claims: Sequence[Claim]) -> None:
        """Take over lanes that were leased by an offer."""
        with self._something_to_do:
            stopping = self._stopping
            if not stopping:
                self._share.offer(claims)
                self._something_to_do.notify()
        if stopping:
            self._release(claims)

    def wake(self) -> None:
        """Look for due deliveries now instead of at the next poll."""
        if self._pid != os.getpid():
            return  # in a forked process no thread waits here, and the lock may be held for ever
        with self._something_due:
            self._look_again = True
            self._something_due.notify()

    def stop(self, timeout_seconds: float = 20.0) -> bool:
        """Finish the running attempts, record their outcomes, release the other lanes, and end the threads.

        :param timeout_seconds: how long to wait for attempts. The lane of one that still runs then is not released.
        :return: whether all threads ended.
        """
        if self._pid != os.getpid():
            return True
        with self._something_due:
            self._stopping = True
            self._something_to_do.notify_all()
        self._recorder.let_go()
        deadline = self._monotonic() + timeout_seconds
        for thread in self._attempting:
            thread.join(max(0.0, deadline - self._monotonic()))
        self._recorder.stop()
        with self._something_due:
            self._ended = True
            self._something_due.notify()
        self._claiming.join()
        self._release(self._share.withdraw())
        return not any(thread.is_alive() for thread in self._attempting)

    def _release(self, claims: Sequence[Claim]) -> None:
        try:
            self._claims.release(claims)
        except StoreUnavailable as unavailable:
            _logger.warning(
                "Claimed lanes could not be released: %s; they wait for the end of their leases", unavailable
            )

    def _start_attempting(self) -> None:
        name = f"pulp-notifiers-attempts-{len(self._attempting)}"
        thread = threading.Thread(target=self._attempt_forever, name=name, daemon=True)
        self._attempting = [*(each for each in self._attempting if each.is_alive()), thread]
        thread.start()

    def _claim_forever(self) -> None:
        while not self._ended:
            pause = self._longest_pause
            try:
                pause = self._one_round()
                self._end_outage()
            except StoreUnavailable as unavailable:
                self._begin_outage(unavailable)
            except Exception:  # the one broad except of this thread, which must survive, or nothing is delivered
                _logger.exception("Unexpected error in the worker; continuing")
            self._rest(pause)

    def _one_round(self) -> float:
        self._renew_sometimes()
        self._give_up_overdue()
        claimed = None if self._stopping else self._claim()
        self._prune_sometimes()
        return self._longest_pause if claimed is None else self._pause_seconds(claimed)

    def _renew_sometimes(self) -> None:
        if self._monotonic() - self._renewed_at < self.options.lease.total_seconds() / 3:
            return
        with self._something_due:
            held = self._share.held()
        began = self._monotonic()
        lost = self._claims.renew(held, self._clock() + self.options.lease)
        with self._something_to_do:
            self._share.drop(lost)
            self._renewed_at = began
            self._something_to_do.notify()

    def _claim(self) -> Claimed:
        now = self._clock()
        with self._something_due:
            self._look_again = False
            limit = LANES_AT_ONCE if self._share.may_claim else 0
            full = self._share.full(self._monotonic())
        claimed = self._claims.claim(now, now + self.options.lease, limit, full, self._share.most_of)
        with self._something_to_do:
            self._share.offer(claimed.claims)
            # An unproven listener gets only one of its lanes.
            new = {claim.listener_id for claim in claimed.claims if self._share.most_of(claim.listener_id) == 1}
            self._left = full | new
            self._more_due = claimed.more or not limit
            self._listeners_revision = claimed.listeners_revision
            self._something_to_do.notify()  # also without a claim: an attempt may have become slow and made room
        return claimed

    @property
    def _longest_pause(self) -> float:
        return min(self.options.poll, self.options.lease / 3).total_seconds()

    def _pause_seconds(self, claimed: Claimed) -> float:
        if claimed.more and claimed.claims:
            return 0.0  # their listeners may be full now, so that others have their turn
        due_at = claimed.next_due
        wait = (due_at - self._clock()).total_seconds() if due_at is not None else self._longest_pause
        # What is due already waits for a thread, and a thread that becomes free looks again.
        pause = min(wait, self._longest_pause) if wait > 0 else self._longest_pause
        # A running attempt makes room for others when it becomes slow, and only the time shows that.
        return min(pause, SLOW_SECONDS) if self._share.busy else pause

    def _rest(self, seconds: float) -> None:
        with self._something_due:
            self._something_due.wait_for(lambda: self._ended or (self._look_again and not self._stopping), seconds)

    def _give_up_overdue(self) -> None:
        limit = self.options.attempt_limit
        with self._something_due:
            overdue = self._share.overdue(self._monotonic() - limit.total_seconds())
        for lane in overdue:
            outcome = self._attempts.overdue(lane.claim.listener_id, lane.delivery, limit)
            self._recorder.hand_over(lane, Attempted(lane.claim, lane.delivery, outcome, last=True), awaited=False)

    def _attempt_forever(self) -> None:
        needed = True
        while needed and (lane := self._next_lane()) is not None:
            needed = self._attempt(lane)

    def _next_lane(self) -> HeldLane | None:
        self._recorder.wait_for_room()
        with self._something_to_do:
            while not self._stopping:
                lane = self._take()
                if lane is not None:
                    self._keep_one_ready()
                    return lane
                self._resting += 1
                self._something_to_do.wait()
                self._resting -= 1
        return None

    def _take(self) -> HeldLane | None:
        # After the process or the database was frozen, others may hold the lanes; the next renewal shows which.
        return self._share.take(self._monotonic()) if self._leases_are_valid() else None

    def _leases_are_valid(self) -> bool:
        return self._monotonic() - self._renewed_at < self.options.lease.total_seconds()

    def _takes(self, listener_id: str) -> bool:
        with self._something_to_do:
            # What is due already comes first.
            left = self._more_due or listener_id in self._left
            return not left and self._share.has_room(listener_id, self._monotonic())

    def _keep_one_ready(self) -> None:
        # Another lane may come while all threads wait for receivers.
        if self._resting:
            if self._share.lanes_wait:
                self._something_to_do.notify()
        elif sum(thread.is_alive() for thread in self._attempting) < self._share.most_threads:
            self._start_attempting()

    def _attempt(self, lane: HeldLane) -> bool:
        claim, delivery, outcome = lane.claim, lane.delivery, None
        try:
            outcome = self._attempts.run(claim.listener_id, delivery, self._listeners_revision)
        except StoreUnavailable as unavailable:
            self._begin_outage(unavailable)
        except Exception:  # the one broad except of this thread; the lane comes back when its lease ends
            _logger.exception("Unexpected error while working on lane %d; continuing", claim.lane)
        with self._something_due:
            counted = self._share.ended(lane, _succeeded(outcome))
            if counted and outcome is None:
                self._share.recorded(lane, held=False)
            last = lane.at_last or self._stopping or (outcome is not None and outcome.state is DeliveryState.PENDING)
            awaited = not last and not self._share.lanes_wait
        if counted and outcome is not None:
            self._recorder.hand_over(lane, Attempted(claim, delivery, outcome, last), awaited)
        return counted  # a thread whose attempt was given up has been replaced

    def _recorded(self, lane: HeldLane, attempted: Attempted, state: LaneState | None) -> None:
        if state is LaneState.LOST:
            _logger.warning(
                "The lease of lane %d ended during an attempt of delivery %d, or its listener was deleted: "
                "the outcome is not recorded",
                attempted.claim.lane,
                attempted.delivery.id,
            )
        with self._something_due:
            self._share.recorded(lane, held=state is LaneState.HELD)
            if state is LaneState.HELD:
                self._something_to_do.notify()
            more = state is LaneState.PENDING and attempted.outcome.state is not DeliveryState.PENDING
            if self._more_due or more or attempted.claim.listener_id in self._left:
                self._look_again = True
                self._something_due.notify()

    def _prune_sometimes(self) -> None:
        if self._monotonic() - self._pruned_at < self._prune_seconds:
            return
        now = self._clock()
        pruned = self._history.prune(now - self.options.keep_delivered, now - self.options.keep_dead)
        if pruned:
            _logger.info("Deleted %d old deliveries", pruned)  # the next round looks for more
        else:
            self._pruned_at = self._monotonic()

    def _begin_outage(self, unavailable: StoreUnavailable) -> None:
        level = self._outage.begin_at(logging.ERROR)
        _logger.log(level, "Deliveries are waiting for the database: %s", unavailable)

    def _end_outage(self) -> None:
        if self._outage.end():
            _logger.info("The database answers again; deliveries continue")


def _succeeded(outcome: Outcome | None) -> bool | None:
    if outcome is None or outcome.state is DeliveryState.DEAD:
        return None  # that says nothing about the receiver
    return outcome.state is DeliveryState.DELIVERED
