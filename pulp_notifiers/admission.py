"""Which claims may run now, so that a slow receiver holds some threads and never all of them."""

from collections import Counter, deque
from collections.abc import Iterable

from .records import Claim


class Admission:
    """The claims of one worker: those that run, and those that wait for a thread.

    A listener may hold a quarter of the threads. One whose last attempt failed may hold a single one, and all such
    listeners together half of the threads: however many receivers hang, the other half serves those that answer.

    :param threads: how many claims can run at the same time.
    """

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self._share = max(1, threads // 4)
        self._troubled_share = max(1, threads // 2)
        self._waiting: deque[Claim] = deque()
        self._running: dict[tuple[int, str], Claim] = {}
        self._running_of: Counter[str] = Counter()
        self._troubled: set[str] = set()

    @property
    def free(self) -> int:
        """How many threads have nothing to do."""
        return self._threads - len(self._running)

    def held(self) -> list[Claim]:
        """Return every claim whose lease must be kept alive."""
        return [*self._running.values(), *self._waiting]

    def full(self) -> set[str]:
        """Return the listeners for which nothing more should be claimed now."""
        listeners = {claim.listener_id for claim in self._waiting} | set(self._running_of) | self._troubled
        waiting = {claim.listener_id for claim in self._waiting}
        return {listener for listener in listeners if listener in waiting or not self._may_run(listener)}

    def offer(self, claims: Iterable[Claim]) -> None:
        """Take in what was claimed."""
        self._waiting.extend(claims)

    def take(self) -> Claim | None:
        """Return the first waiting claim that may run, and count it as running."""
        for claim in self._waiting:
            if self._may_run(claim.listener_id):
                self._waiting.remove(claim)
                self._running[claim.lane, claim.owner] = claim
                self._running_of[claim.listener_id] += 1
                return claim
        return None

    def finished(self, claim: Claim, troubled: bool) -> None:
        """Count a claim as done.

        :param troubled: its last attempt failed for a reason that may pass.
        """
        # By owner too: the lane may have been claimed anew since its last outcome was recorded.
        del self._running[claim.lane, claim.owner]
        self._running_of[claim.listener_id] -= 1
        if not self._running_of[claim.listener_id]:
            del self._running_of[claim.listener_id]
        (self._troubled.add if troubled else self._troubled.discard)(claim.listener_id)

    def withdraw(self) -> list[Claim]:
        """Return the claims that wait, and forget them."""
        waiting, self._waiting = list(self._waiting), deque()
        return waiting

    def _may_run(self, listener_id: str) -> bool:
        running = self._running_of[listener_id]
        if listener_id not in self._troubled:
            return running < self._share
        troubled_running = sum(count for listener, count in self._running_of.items() if listener in self._troubled)
        return running < 1 and troubled_running < self._troubled_share
