"""Which claims may run now, so that receivers that do not answer delay nobody else."""

from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass

from ..records import Claim, OwedDelivery

SLOW_SECONDS = 1.0
"""An attempt that takes longer waits for its receiver and needs no processor, so others may start in its place."""

_THREADS_FOR_EACH = 8
"""However many attempts wait for receivers, there are never more threads than this times the option."""


@dataclass(slots=True)
class _Running:
    claim: Claim
    delivery: OwedDelivery | None = None
    """The delivery that is being attempted; None between two attempts."""
    since: float = 0.0

    def slow(self, now: float) -> bool:
        return self.delivery is not None and now - self.since > SLOW_SECONDS


class FairShare:
    """The claims of one worker: those that run, and those that wait for a thread.

    A listener whose last attempt succeeded and that has no slow attempt may hold a quarter of the threads. Any other
    listener, new ones included, may hold one thread, and all such listeners together half of the threads. Slow
    attempts do not count, up to eight times the threads: however many receivers hang, those that answer are delayed by
    about a second at most.

    Times are monotonic seconds.

    :param threads: how many attempts that are not slow may run at the same time.
    """

    def __init__(self, threads: int) -> None:
        self.most_threads = threads * _THREADS_FOR_EACH
        self._threads = threads
        self._share = max(1, threads // 4)
        self._unproven_share = max(1, threads // 2)
        self._waiting: deque[Claim] = deque()
        # By owner too: a lane may be claimed again before the thread that had it calls finished().
        self._running: dict[tuple[int, str], _Running] = {}
        self._running_of: Counter[str] = Counter()
        self._proven: set[str] = set()

    def room(self, now: float) -> int:
        """Return how many more claims could run."""
        return min(self._threads - len(self._quick(now)), self.most_threads - len(self._running))

    @property
    def busy(self) -> bool:
        """Whether anything runs or waits."""
        return bool(self._running or self._waiting)

    def held(self) -> list[Claim]:
        """Return every claim whose lease has to be renewed."""
        return [*(running.claim for running in self._running.values()), *self._waiting]

    def full(self, now: float) -> set[str]:
        """Return the listeners for which nothing more should be claimed now."""
        waiting = {claim.listener_id for claim in self._waiting}
        return waiting | {listener for listener in self._running_of if not self._may_run(listener, now)}

    def offer(self, claims: Iterable[Claim]) -> None:
        """Add claims that wait for a thread."""
        self._waiting.extend(claims)

    def take(self, now: float) -> Claim | None:
        """Return the next claim that may run, and count it as running.

        It is the first one of the listener that holds the fewest threads, so that no listener waits behind many claims
        of another.
        """
        possible = [claim for claim in self._waiting if self._may_run(claim.listener_id, now)]
        if not possible or self.room(now) <= 0:
            return None
        claim = min(possible, key=lambda each: self._running_of[each.listener_id])
        self._waiting.remove(claim)
        self._running[claim.lane, claim.owner] = _Running(claim)
        self._running_of[claim.listener_id] += 1
        return claim

    def attempting(self, claim: Claim, delivery: OwedDelivery | None, now: float) -> None:
        """Note which delivery of a running claim is being attempted from now on; None if the attempt has ended."""
        if running := self._running.get((claim.lane, claim.owner)):
            running.delivery, running.since = delivery, now

    def overdue(self, before: float) -> list[tuple[Claim, OwedDelivery]]:
        """Return the attempts that began before a time, and count their claims as done: they are given up."""
        late = [
            (running.claim, running.delivery)
            for running in self._running.values()
            if running.delivery is not None and running.since < before
        ]
        for claim, _ in late:
            self.finished(claim, delivered=False)
        return late

    def finished(self, claim: Claim, delivered: bool | None = None) -> bool:
        """Count a claim as done; return whether it still counted as running.

        :param delivered: whether its last attempt succeeded; None if that says nothing about the receiver.
        """
        if self._running.pop((claim.lane, claim.owner), None) is None:
            return False
        self._running_of[claim.listener_id] -= 1
        if not self._running_of[claim.listener_id]:
            del self._running_of[claim.listener_id]
        if delivered is not None:
            (self._proven.add if delivered else self._proven.discard)(claim.listener_id)
        return True

    def withdraw(self) -> list[Claim]:
        """Remove the waiting claims and return them."""
        waiting, self._waiting = list(self._waiting), deque()
        return waiting

    def _quick(self, now: float) -> list[_Running]:
        return [running for running in self._running.values() if not running.slow(now)]

    def _may_run(self, listener_id: str, now: float) -> bool:
        running = self._running_of[listener_id]
        slow = {each.claim.listener_id for each in self._running.values() if each.slow(now)}
        if listener_id in self._proven - slow:
            return running < self._share
        others = [each for each in self._quick(now) if each.claim.listener_id not in self._proven]
        return running < 1 and len(others) < self._unproven_share
