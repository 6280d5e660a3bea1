"""What the threads of a worker share: the lanes that it holds, and what they wait for."""

import threading
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

from ..records import Attempted, Claim, Claimed, DeliveryState, LaneState, LeaseOffer, Outcome
from .fair_share import LANES_AT_ONCE, FairShare, HeldLane


class Ended(NamedTuple):
    """An attempt that ended.

    :ivar counts: False if it had been given up as overdue.
    :ivar last: the worker makes no further attempt in the claim.
    :ivar awaited: threads have nothing to do until its outcome is recorded.
    """

    counts: bool
    last: bool
    awaited: bool


class Wanted(NamedTuple):
    """What a worker has room for.

    :ivar limit: how many lanes to claim at most.
    :ivar full: the listeners of which none should be claimed.
    :ivar suspects: how many to claim whose delivery is suspected of ending processes.
    """

    limit: int
    full: set[str]
    suspects: int


class HeldLanes:
    """The lanes that one worker holds, for all of its threads.

    One lock for everything, since whatever happens inside it is quick. Two conditions, because waking all threads for
    each event costs more than the event.

    :param lease_seconds: nothing is attempted if the leases were renewed longer ago.
    :param start_thread: called, with the lock held, if every thread makes an attempt and there may be more; returns
        whether a thread was started. The worker itself starts the first one.
    """

    def __init__(
        self,
        threads: int,
        lease_seconds: float,
        start_thread: Callable[[], bool],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._share = FairShare(threads)
        self._lease_seconds = lease_seconds
        self._start_thread = start_thread
        self._monotonic = monotonic
        lock = threading.Lock()
        self._something_to_do = threading.Condition(lock)
        self._something_due = threading.Condition(lock)
        self._stopping = self._ended = False
        self._look_again = False
        # Whether the last claim may have left due lanes behind, and of which listeners.
        self._more_due = True
        self._left: set[str] = set()
        # Threads that make no attempt; those of them that rest have nothing to do.
        self._free, self._resting = 1, 0
        self._renewal_began_at = self.renewed_at = monotonic()
        self._listeners_revision = 0

    @property
    def stopping(self) -> bool:
        """Whether no further attempt begins."""
        return self._stopping

    @property
    def ended(self) -> bool:
        """Whether nothing is claimed any more."""
        return self._ended

    @property
    def listeners_revision(self) -> int:
        """The latest revision of the listeners that is known."""
        return self._listeners_revision

    @property
    def busy(self) -> bool:
        """Whether any lane is held."""
        return self._share.busy

    @property
    def leases_are_valid(self) -> bool:
        """Whether the leases cannot have ended, as they can while the process or the database is frozen."""
        return self._monotonic() - self.renewed_at < self._lease_seconds

    def next(self, may_begin: Callable[[], bool]) -> HeldLane | None:
        """Wait for a lane to attempt, and count its attempt as begun.

        :return: None if the worker is stopping, or if no attempt may begin at the moment.
        """
        with self._something_to_do:
            while not self._stopping and may_begin():
                # Others may hold the lanes if the leases are not valid; the next renewal shows which.
                lane = self._share.take(self._monotonic()) if self.leases_are_valid else None
                if lane is not None:
                    self._free -= 1
                    self._keep_one_ready()
                    return lane
                self._resting += 1
                self._something_to_do.wait()
                self._resting -= 1
        return None

    def attempt_ended(self, lane: HeldLane, outcome: Outcome | None) -> Ended:
        """Note that an attempt ended; None if it could not be made, and the lane is not held any longer."""
        with self._something_due:
            counts = self._share.ended(lane, _succeeded(outcome))
            self._free += counts  # a thread whose attempt was given up has been replaced
            if counts and outcome is None:
                self._share.recorded(lane, held=False)
            last = lane.at_last or self._stopping or (outcome is not None and outcome.state is DeliveryState.PENDING)
            return Ended(counts, last, awaited=not last and not self._share.lanes_wait)

    def recorded(self, lane: HeldLane, attempted: Attempted, state: LaneState | None) -> None:
        """Note that an outcome was recorded; None if it could not be."""
        with self._something_due:
            self._share.recorded(lane, held=state is LaneState.HELD)
            if state is LaneState.HELD:
                self._something_to_do.notify()
            more = state is LaneState.PENDING and attempted.outcome.state is not DeliveryState.PENDING
            if self._more_due or more or attempted.claim.listener_id in self._left or attempted.delivery.suspected:
                self._look_again = True
                self._something_due.notify()

    def begin_round(self) -> Wanted:
        """Return what to claim."""
        with self._something_due:
            now = self._monotonic()
            limit = LANES_AT_ONCE if self._share.may_claim else 0
            return Wanted(limit, self._share.full(now), self._share.suspects(now))

    def most_of(self, listener_id: str) -> int:
        """Return how many lanes of a listener to claim at once at most."""
        return self._share.most_of(listener_id)

    def end_round(self, claimed: Claimed, full: set[str]) -> None:
        """Add the lanes that were claimed."""
        with self._something_to_do:
            self._share.offer(claimed.claims)
            # An unproven listener gets only one of its lanes.
            new = {claim.listener_id for claim in claimed.claims if self._share.most_of(claim.listener_id) == 1}
            self._left = full | new
            self._more_due = claimed.more or not self._share.may_claim
            self._listeners_revision = max(self._listeners_revision, claimed.listeners_revision)
            if full - self._share.full(self._monotonic()):
                self._look_again = True  # they have room again since the claim began
            self._something_to_do.notify()  # also without a claim: an attempt may have become slow and made room

    def room(self, listener_id: str) -> int:
        """Return how many lanes of a listener that begin now could be attempted soon.

        None as long as others are due already, which come first.
        """
        with self._something_to_do:
            left = self._more_due or listener_id in self._left
            return 0 if left else self._share.room(listener_id, self._monotonic())

    def take_over(self, offer: LeaseOffer, claims: Sequence[Claim], listeners_revision: int) -> bool:
        """Add lanes that were leased by an offer; return False if they must not be attempted, and are not held.

        That is if the worker is stopping, or if the offer is so old that a renewal began without them or their leases
        may have ended.
        """
        with self._something_to_do:
            self._listeners_revision = max(self._listeners_revision, listeners_revision)
            late = self._monotonic() - offer.made_at >= self._lease_seconds
            if self._stopping or late or offer.made_at < self._renewal_began_at:
                return False
            self._share.offer(claims)
            self._something_to_do.notify()
            return True

    def begin_renewal(self) -> list[Claim]:
        """Return every claim whose lease has to be renewed now."""
        with self._something_due:
            self._renewal_began_at = self._monotonic()
            return self._share.held()

    def renewed(self, lost: Sequence[Claim]) -> None:
        """Note that the leases were renewed, except those that were lost."""
        with self._something_to_do:
            self._share.drop(lost)
            self.renewed_at = self._renewal_began_at
            self._something_to_do.notify()

    def overdue(self, limit_seconds: float) -> list[HeldLane]:
        """Return the lanes whose attempts take longer than the limit, and count those as ended."""
        with self._something_due:
            late = self._share.overdue(self._monotonic() - limit_seconds)
            if late:
                self._keep_one_ready()
            return late

    def withdraw(self) -> list[Claim]:
        """Remove the lanes that wait for a thread and return their claims."""
        with self._something_due:
            return self._share.withdraw()

    def rest(self, seconds: float) -> None:
        """Return after that time, or when it is worth to look for due lanes earlier."""
        with self._something_due:
            self._something_due.wait_for(lambda: self._ended or (self._look_again and not self._stopping), seconds)
            self._look_again = False

    def look_again(self) -> None:
        """Look for due lanes now."""
        with self._something_due:
            self._look_again = True
            self._something_due.notify()

    def stop(self) -> None:
        """Begin no further attempt."""
        with self._something_to_do:
            self._stopping = True
            self._something_to_do.notify_all()

    def end(self) -> None:
        """Claim nothing any more."""
        with self._something_due:
            self._ended = True
            self._something_due.notify()

    def _keep_one_ready(self) -> None:
        # Another lane may come while all threads wait for receivers.
        if not self._free:
            if self._share.may_attempt:
                self._free += self._start_thread()
        elif self._share.lanes_wait:
            self._something_to_do.notify()


def _succeeded(outcome: Outcome | None) -> bool | None:
    if outcome is None or outcome.state is DeliveryState.DEAD:
        return None  # that says nothing about the receiver
    return outcome.state is DeliveryState.DELIVERED
