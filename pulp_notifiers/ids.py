"""Ids in the form of Pulp 2's."""

import os
from collections.abc import Callable
from datetime import datetime
from itertools import count
from threading import Lock

from .event import utc_now


class ObjectIds:
    """Makes ids in the form of Pulp 2's: seconds since 1970, a number for this process, and a counter, in hex."""

    def __init__(self, clock: Callable[[], datetime] = utc_now, draw: Callable[[int], bytes] = os.urandom) -> None:
        self._clock = clock
        self._process = draw(5).hex()
        self._counter = count(int.from_bytes(draw(3)))
        self._lock = Lock()

    def __call__(self) -> str:
        with self._lock:
            number = next(self._counter) % 2**24
        return f"{int(self._clock().timestamp()) % 2**32:08x}{self._process}{number:06x}"
