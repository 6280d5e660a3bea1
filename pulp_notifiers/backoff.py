"""How long to wait before the next attempt."""

import math
import random
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Backoff:
    """A growing wait with jitter.

    The defaults spread 24 attempts over 6.5 to 13 hours: the twelfth comes 34 to 68 minutes after the first, then
    one or two come an hour; long enough for a night without an administrator.

    :ivar first_seconds: the wait after the first failure, before jitter.
    :ivar longest_seconds: the longest wait, even after many failures or if a receiver asks for more.
    :ivar max_attempts: attempts after which a delivery becomes a dead letter.
    """

    first_seconds: float = 2.0
    longest_seconds: float = 3600.0
    max_attempts: int = 24

    def exhausted(self, attempts: int) -> bool:
        """Return whether a delivery that failed this often gets no further attempt."""
        return attempts >= self.max_attempts

    def delay_seconds(self, attempts: int, draw: Callable[[], float] = random.random) -> float:
        """Return the seconds to wait after this many failed attempts (at least 1).

        The wait is between half and all of the exponential step. So deliveries that failed together are spread out,
        even if all of them have reached the longest wait.

        :param draw: returns a number from 0 up to 1.
        """
        # The exponent is bounded because 2.0 ** 1024 overflows.
        step = min(self.first_seconds * 2.0 ** min(attempts - 1, 64), self.longest_seconds)
        return step * (0.5 + draw() / 2)


def usable_seconds(asked: object) -> float:
    """Return the wait that a plugin asks for, or 0 if it is not a finite number, as a server may have sent it.

    It may be an integer that no float can hold, so bound it before calculating with it.
    """
    is_finite = math.isfinite(asked) if isinstance(asked, float) else isinstance(asked, int)
    return asked if is_finite else 0.0  # type: ignore[return-value]
