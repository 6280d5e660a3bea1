"""Which claims may run now, so that receivers that do not answer hold up nobody else."""

from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass

from ..records import Claim, OwedDelivery

SLOW_SECONDS = 1.0
"""An attempt that takes longer waits for its receiver and needs no processor: others may begin in its place."""

_THREADS_FOR_EACH = 8
"""However many attempts wait for receivers, there are never more threads than this, for each of the option's."""


@dataclass(slots=True)
class _Running:
    claim: Claim
    delivery: OwedDelivery | None = None
    """The one that is being attempted; None in between."""
    since: float = 0.0

    def slow(self, now: float) -> bool:
        return self.delivery is not None and now - self.since > SLOW_SECONDS


class FairShare:
    """The claims of one worker: those that run, and those that wait for a thread.

    A listener whose last attempt succeeded, and none of whose attempts is slow, may hold a quarter of the threads.
    Any other, new ones included, may hold a single one, and all of them together half. What has become slow counts no
    longer, up to eight times the threads: however many receivers hang, those that answer wait for them a second or so
    at the most.

    Times are seconds that never go back.

    :param threads: how many attempts that are not slow can run at the same time.
    """

    def __init__(self, threads: int) -> None:
        self.most_threads = threads * _THREADS_FOR_EACH
        self._threads = threads
        self._share = max(1, threads // 4)
        self._unproven_share = max(1, threads // 2)
        self._waiting: deque[Claim] = deque()
        # By owner too: a lane may be claimed anew before the thread that had it has said that it is done.
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
        """Return every claim whose lease must be kept alive."""
        return [*(running.claim for running in self._running.values()), *self._waiting]

    def full(self, now: float) -> set[str]:
        """Return the listeners for which nothing more should be claimed now."""
        waiting = {claim.listener_id for claim in self._waiting}
        return waiting | {listener for listener in self._running_of if not self._may_run(listener, now)}

    def offer(self, claims: Iterable[Claim]) -> None:
        """Take in what was claimed."""
        self._waiting.extend(claims)

    def take(self, now: float) -> Claim | None:
        """Return the next claim that may run, and count it as running.

        The first of a listener that holds the fewest threads, so that nobody waits behind many of another.
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
        """Note which delivery of a running claim is being attempted from now on; None when the attempt has ended."""
        if running := self._running.get((claim.lane, claim.owner)):
            running.delivery, running.since = delivery, now

    def overdue(self, before: float) -> list[tuple[Claim, OwedDelivery]]:
        """Return the attempts that began before, and count their claims as done: nobody waits for them any longer."""
        late = [
            (running.claim, running.delivery)
            for running in self._running.values()
            if running.delivery is not None and running.since < before
        ]
        for claim, _ in late:
            self.finished(claim, delivered=False)
        return late

    def finished(self, claim: Claim, delivered: bool | None = None) -> bool:
        """Count a claim as done; tell whether it was still counted as running.

        :param delivered: whether its last attempt succeeded; None where that says nothing of the receiver.
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
        """Return the claims that wait, and forget them."""
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
