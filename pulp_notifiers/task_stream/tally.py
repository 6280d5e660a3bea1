"""A count that many threads increment at almost no cost."""

import threading
from itertools import count


class Tally:
    """Counts without a lock, so that even a signal handler may increment it, whatever it interrupted."""

    def __init__(self) -> None:
        self._ticks = count()
        self._reads = 0
        self._reading = threading.Lock()

    def add(self) -> None:
        """Count one more."""
        next(self._ticks)

    def value(self) -> int:
        """Return the count. Reading takes a tick too, which is deducted."""
        with self._reading:
            seen = next(self._ticks) - self._reads
            self._reads += 1
        return seen
