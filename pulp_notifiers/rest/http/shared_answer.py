"""One computation for all requests that ask for the same, so that many clients cost no more than one."""

import asyncio
import time
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")

SHORTEST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 5.0
PAUSE_FACTOR = 10.0
"""The pause after a computation is that many times as long as the computation, so that it takes a tenth of a thread."""


class SharedAnswer(Generic[T]):
    """Computes an answer for all requests that wait for it, with a pause between two computations.

    A request gets an answer that was computed after it came in, never an older one. Who asks in each pause at most
    waits for the computation only; who asks again at once waits for the pause, too, without holding a thread.

    :param compute: returns the answer; called in a thread of its own, one call at a time.
    :param monotonic: seconds that never go back.
    """

    def __init__(self, compute: Callable[[], T], monotonic: Callable[[], float] = time.monotonic) -> None:
        self._compute = compute
        self._monotonic = monotonic
        self._next: asyncio.Task[T] | None = None
        self._turn = asyncio.Lock()
        self._not_before = -float("inf")

    async def get(self) -> T:
        """Return an answer, or raise what the computation raises."""
        if self._next is None:
            self._next = asyncio.create_task(self._compute_next())
        # Shielded, because a client that disconnects must not cancel it for the others.
        return await asyncio.shield(self._next)

    async def _compute_next(self) -> T:
        async with self._turn:
            await asyncio.sleep(max(0.0, self._not_before - self._monotonic()))
            self._next = None  # who asks from now on gets the one after this
            began = self._monotonic()
            try:
                # Not one of the threads that serve requests: all of those may be waiting for the database.
                return await asyncio.to_thread(self._compute)
            finally:
                self._not_before = self._monotonic() + pause_after(self._monotonic() - began)


def pause_after(seconds: float) -> float:
    """Return how long to pause after a computation that took so many seconds."""
    return min(max(SHORTEST_PAUSE_SECONDS, PAUSE_FACTOR * seconds), LONGEST_PAUSE_SECONDS)
