"""Which lanes a worker attempts next, so that receivers that do not answer delay nobody else."""

from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass

from ..records import Claim, OwedDelivery

SLOW_SECONDS = 1.0
"""An attempt that takes longer waits for its receiver and needs no processor, so others may start in its place."""

LANES_AT_ONCE = 100
"""How many lanes a claim leases at most; one transaction for so many costs each of them a few microseconds."""

MOST_HELD = 10_000
"""So many lanes are held in memory at most, nearly all of them of receivers that do not answer."""

_MOST_PROVEN = 10_000

_THREADS_FOR_EACH = 8
"""However many attempts wait for receivers, there are never more threads than this times the option."""


@dataclass(slots=True, eq=False)
class HeldLane:
    """A claimed lane, and how far the worker has come in it.

    :ivar since: when the attempt that runs began; None if none does.
    """

    claim: Claim
    position: int = 0
    since: float | None = None

    @property
    def delivery(self) -> OwedDelivery:
        """The next delivery to attempt."""
        return self.claim.deliveries[self.position]

    @property
    def at_last(self) -> bool:
        """Whether the claim has no further delivery after this one."""
        return self.position == len(self.claim.deliveries) - 1


class FairShare:
    """The lanes that one worker holds: those that wait for a thread, are attempted, or wait until that is recorded.

    A listener whose last attempt succeeded and that has no slow attempt may hold a quarter of the threads. Any other
    listener, new ones included, may hold one thread and one lane, and all such listeners together half of the threads.
    Slow attempts do not count, up to eight times the threads: however many receivers hang, those that answer are
    delayed by about a second at most.

    Times are monotonic seconds.

    :param threads: how many attempts that are not slow may run at the same time.
    """

    def __init__(self, threads: int) -> None:
        self._most_threads = threads * _THREADS_FOR_EACH
        self._threads = threads
        self._share = max(1, threads // 4)
        self._unproven_share = max(1, threads // 2)
        # Dicts as ordered sets.
        self._waiting: dict[bool, dict[str, deque[HeldLane]]] = {True: {}, False: {}}
        """The lanes that wait for a thread, by whether their listener is proven."""
        self._attempted: dict[HeldLane, None] = {}
        self._ended: dict[HeldLane, None] = {}
        self._threads_of: Counter[str] = Counter()
        self._lanes_of: Counter[str] = Counter()
        self._held = 0  # the sum of these: every event that is fired asks for it
        self._proven: set[str] = set()
        self._suspected: list[HeldLane] = []

    @property
    def busy(self) -> bool:
        """Whether any lane is held."""
        return bool(self._lanes_of)

    @property
    def lanes_wait(self) -> bool:
        """Whether any lane waits for a thread."""
        return any(self._waiting.values())

    @property
    def may_claim(self) -> bool:
        """Whether further lanes may be held."""
        return self.may_attempt and self._held < MOST_HELD

    @property
    def may_attempt(self) -> bool:
        """Whether a further thread may make an attempt."""
        return len(self._attempted) < self._most_threads

    def held(self) -> list[Claim]:
        """Return every claim whose lease has to be renewed."""
        return [lane.claim for lane in (*self._attempted, *self._ended, *self._all_waiting())]

    def most_of(self, listener_id: str) -> int:
        """Return how many lanes of a listener to claim at once at most."""
        return LANES_AT_ONCE if listener_id in self._proven else 1

    def full(self, now: float) -> set[str]:
        """Return the listeners for which nothing should be claimed now."""
        slow = self._slow(now)
        return {listener for listener in self._lanes_of if self._is_full(listener, slow)}

    def room(self, listener_id: str, now: float) -> int:
        """Return how many further lanes of a listener could be attempted soon."""
        if not self.may_claim or self._is_full(listener_id, self._slow(now)):
            return 0
        return self._share - self._waiting_of(listener_id) if listener_id in self._proven else 1

    def suspects(self, now: float) -> int:
        """Return how many lanes to claim whose delivery is suspected of ending processes.

        One at a time, so that the next end of this process accuses no other of them; but a slow attempt makes room, as
        elsewhere.
        """
        return int(all(_is_slow(lane, now) for lane in self._suspected))

    def offer(self, claims: Iterable[Claim]) -> None:
        """Add lanes that wait for a thread."""
        for claim in claims:
            self._lanes_of[claim.listener_id] += 1
            self._held += 1
            lane = HeldLane(claim)
            if lane.delivery.suspected:
                self._suspected.append(lane)
            self._wait(lane)

    def take(self, now: float) -> HeldLane | None:
        """Return the next lane to attempt, and count its attempt as begun; None if none may be attempted now.

        It is one of the listener that holds the fewest threads, so that no listener waits behind many lanes of another.
        """
        slow = self._slow(now)
        quick = sum(1 for lane in self._attempted if not _is_slow(lane, now))
        if quick >= self._threads or not self.may_attempt:
            return None
        listener_id = self._next_listener(slow, now)
        if listener_id is None:
            return None
        waiting = self._waiting[listener_id in self._proven]
        lanes = waiting.pop(listener_id)
        lane = lanes.popleft()
        if lanes:
            waiting[listener_id] = lanes  # behind the other listeners
        lane.since = now
        self._attempted[lane] = None
        self._threads_of[listener_id] += 1
        return lane

    def ended(self, lane: HeldLane, delivered: bool | None) -> bool:
        """Note that an attempt ended; its lane waits until the outcome is recorded.

        :param delivered: whether it succeeded; None if that says nothing about the receiver.
        :return: whether the attempt still counted; one that was overdue does not.
        """
        if lane not in self._attempted:
            return False
        listener_id = lane.claim.listener_id
        del self._attempted[lane]
        _decrement(self._threads_of, listener_id)
        self._ended[lane] = None
        lane.since = None
        if delivered is not None and delivered is not (listener_id in self._proven):
            self._prove(listener_id, delivered)
        return True

    def recorded(self, lane: HeldLane, held: bool) -> None:
        """Note that an outcome was recorded, or could not be.

        :param held: the lane is still leased, and its next delivery waits for a thread.
        """
        del self._ended[lane]
        if held:
            lane.position += 1
            self._wait(lane)
        else:
            self._hold_no_longer(lane.claim)

    def overdue(self, before: float) -> list[HeldLane]:
        """Return the lanes whose attempts began before a time, and count those as ended: they are given up."""
        late = [lane for lane in self._attempted if lane.since is not None and lane.since < before]
        for lane in late:
            self.ended(lane, delivered=False)
        return late

    def drop(self, claims: Iterable[Claim]) -> None:
        """Remove lanes whose lease was lost, unless they are attempted at the moment."""
        lost = {(claim.lane, claim.owner) for claim in claims}
        for lane in self._all_withdrawn():
            if (lane.claim.lane, lane.claim.owner) in lost:
                self._hold_no_longer(lane.claim)
            else:
                self._wait(lane)

    def withdraw(self) -> list[Claim]:
        """Remove the lanes that wait for a thread and return their claims."""
        withdrawn = [lane.claim for lane in self._all_withdrawn()]
        for claim in withdrawn:
            self._hold_no_longer(claim)
        return withdrawn

    def _hold_no_longer(self, claim: Claim) -> None:
        _decrement(self._lanes_of, claim.listener_id)
        self._held -= 1
        if self._suspected:
            self._suspected = [lane for lane in self._suspected if lane.claim is not claim]

    def _prove(self, listener_id: str, proven: bool) -> None:
        waiting = self._waiting[not proven].pop(listener_id, None)
        if not proven:
            self._proven.discard(listener_id)
        else:
            if len(self._proven) >= _MOST_PROVEN:
                # Listeners on a single task come and go; those that are forgotten prove themselves again.
                self._proven &= self._lanes_of.keys()
            self._proven.add(listener_id)
        if waiting:
            self._waiting[proven][listener_id] = waiting

    def _wait(self, lane: HeldLane) -> None:
        listener_id = lane.claim.listener_id
        self._waiting[listener_id in self._proven].setdefault(listener_id, deque()).append(lane)

    def _waiting_of(self, listener_id: str) -> int:
        return len(self._waiting[listener_id in self._proven].get(listener_id, ()))

    def _all_waiting(self) -> list[HeldLane]:
        return [lane for listeners in self._waiting.values() for lanes in listeners.values() for lane in lanes]

    def _all_withdrawn(self) -> list[HeldLane]:
        withdrawn = self._all_waiting()
        self._waiting = {True: {}, False: {}}
        return withdrawn

    def _next_listener(self, slow: set[str], now: float) -> str | None:
        # They have half of the threads at most, so they may come first.
        if self._waiting[False] and self._unproven_attempts(now) < self._unproven_share:
            for listener_id in self._waiting[False]:
                if not self._threads_of[listener_id]:
                    return listener_id
        found: str | None = None
        for listener_id in self._waiting[True]:
            threads = self._threads_of[listener_id]
            if found is not None and threads >= self._threads_of[found]:
                continue
            if threads < (1 if listener_id in slow else self._share):
                found = listener_id
                if not threads:
                    break
        return found

    def _unproven_attempts(self, now: float) -> int:
        return sum(
            1 for lane in self._attempted if lane.claim.listener_id not in self._proven and not _is_slow(lane, now)
        )

    def _is_full(self, listener_id: str, slow: set[str]) -> bool:
        if listener_id in self._proven and listener_id not in slow:
            return self._waiting_of(listener_id) >= self._share
        return listener_id in self._lanes_of

    def _slow(self, now: float) -> set[str]:
        return {lane.claim.listener_id for lane in self._attempted if _is_slow(lane, now)}


def _is_slow(lane: HeldLane, now: float) -> bool:
    return lane.since is not None and now - lane.since > SLOW_SECONDS


def _decrement(counter: Counter[str], listener_id: str) -> None:
    counter[listener_id] -= 1
    if not counter[listener_id]:
        del counter[listener_id]
