"""A point in time by which a whole sequence of steps must end."""

import time
from collections.abc import Callable


class Deadline:
    """Counts down from now.

    :param seconds: from now.
    """

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.seconds = seconds
        self._clock = clock
        self._end = clock() + seconds

    def remaining(self) -> float:
        """Return the seconds left, never less than 0."""
        return max(0.0, self._end - self._clock())
