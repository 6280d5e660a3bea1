"""A count that many threads raise, in a time that nobody notices."""

import threading
from itertools import count


class Tally:
    """Counts without a lock, so that even a signal handler may, whatever it interrupted."""

    def __init__(self) -> None:
        self._ticks = count()
        self._looks = 0
        self._looking = threading.Lock()

    def add(self) -> None:
        """Count one more."""
        next(self._ticks)

    def value(self) -> int:
        """Return the count; looking takes a tick too, and is deducted."""
        with self._looking:
            seen = next(self._ticks) - self._looks
            self._looks += 1
        return seen
