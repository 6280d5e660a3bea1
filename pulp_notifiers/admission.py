"""Which claims may run now, so that slow receivers hold some threads and never all of them."""

from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass

from .records import Claim, OwedDelivery


@dataclass(slots=True)
class _Running:
    claim: Claim
    delivery: OwedDelivery | None = None
    """The one that is being attempted; None in between."""
    since: float = 0.0


class Admission:
    """The claims of one worker: those that run, and those that wait for a thread.

    A listener whose last attempt succeeded may hold a quarter of the threads. Any other, new ones included, may hold
    a single one, and all of them together half: however many receivers are down or hang, the other half serves those
    that answer. Receivers that answered until now and fall silent together can hold more, until their time-out.

    :param threads: how many claims can run at the same time.
    """

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self._share = max(1, threads // 4)
        self._unproven_share = max(1, threads // 2)
        self._waiting: deque[Claim] = deque()
        # By owner too: a lane may be claimed anew before the thread that had it has said that it is done.
        self._running: dict[tuple[int, str], _Running] = {}
        self._running_of: Counter[str] = Counter()
        self._proven: set[str] = set()

    @property
    def idle_threads(self) -> int:
        """How many threads have nothing to do."""
        return self._threads - len(self._running)

    def held(self) -> list[Claim]:
        """Return every claim whose lease must be kept alive."""
        return [*(running.claim for running in self._running.values()), *self._waiting]

    def full(self) -> set[str]:
        """Return the listeners for which nothing more should be claimed now."""
        waiting = {claim.listener_id for claim in self._waiting}
        return waiting | {listener for listener in self._running_of if not self._may_run(listener)}

    def offer(self, claims: Iterable[Claim]) -> None:
        """Take in what was claimed."""
        self._waiting.extend(claims)

    def take(self) -> Claim | None:
        """Return the first waiting claim that may run, and count it as running."""
        for claim in self._waiting:
            if self._may_run(claim.listener_id):
                self._waiting.remove(claim)
                self._running[claim.lane, claim.owner] = _Running(claim)
                self._running_of[claim.listener_id] += 1
                return claim
        return None

    def attempting(self, claim: Claim, delivery: OwedDelivery | None, now: float) -> None:
        """Note which delivery of a running claim is being attempted from now on; None when the attempt has ended.

        :param now: seconds that never go back.
        """
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

    def _may_run(self, listener_id: str) -> bool:
        running = self._running_of[listener_id]
        if listener_id in self._proven:
            return running < self._share
        unproven = sum(count for listener, count in self._running_of.items() if listener not in self._proven)
        return running < 1 and unproven < self._unproven_share
