"""A moment that a whole chain of steps must keep to."""

import time
from collections.abc import Callable


class Deadline:
    """Begins with all of its seconds, and never has less than none.

    :param seconds: from now.
    """

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.seconds = seconds
        self._clock = clock
        self._end = clock() + seconds

    def remaining(self) -> float:
        """Return the seconds left."""
        return max(0.0, self._end - self._clock())


def told(error: BaseException, seconds: float) -> str:
    """Return a connection's error as a text for people.

    :param seconds: the time that the server had.
    """
    if isinstance(error, TimeoutError) and error.errno is None:
        return f"no answer within {round(seconds, 1):g} s"
    return str(error) or type(error).__name__
