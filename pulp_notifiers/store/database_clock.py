"""The time by the database's clock, which all processes share, on whatever machine they run."""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from ..errors import StoreUnavailable
from ..event import utc_now

_READ_EVERY_SECONDS = 10.0


class DatabaseClock:
    """Returns the present time; read from the database now and then, and counted in monotonic seconds meanwhile.

    Due times and leases are compared by several machines. If their clocks differed, one would take over what another
    one still holds.

    :param read: returns the database's time.
    :param monotonic: seconds that never go back.
    """

    def __init__(self, read: Callable[[], datetime], monotonic: Callable[[], float] = time.monotonic) -> None:
        self._read = read
        self._monotonic = monotonic
        self._known: tuple[datetime, float] | None = None
        self._read_at = 0.0
        self._lock = threading.Lock()

    def __call__(self) -> datetime:
        """Return the time as aware UTC; while the database does not answer, by the last time that is known."""
        # One thread at a time reads; the others do not wait for it.
        if (self._known is None or self._monotonic() >= self._read_at) and self._lock.acquire(blocking=False):
            try:
                self._read_again()
            finally:
                self._lock.release()
        if self._known is None:
            return utc_now()
        then, at = self._known
        return then + timedelta(seconds=self._monotonic() - at)

    def _read_again(self) -> None:
        self._read_at = self._monotonic() + _READ_EVERY_SECONDS
        began = self._monotonic()
        try:
            then = self._read()
        except StoreUnavailable:
            return
        self._known = then.astimezone(UTC), (began + self._monotonic()) / 2
