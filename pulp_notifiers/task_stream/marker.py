"""A place in the queue at which somebody waits."""

import threading


class Marker:
    """Is reached when the sender has dealt with everything before it in the queue."""

    def __init__(self) -> None:
        self._reached = threading.Event()
        self._decided = False

    def reach(self, decided: bool) -> None:
        """Wake whoever waits.

        :param decided: every message before is confirmed or dropped.
        """
        self._decided = decided
        self._reached.set()

    def wait(self, seconds: float) -> bool:
        """Return whether every message before was confirmed or dropped within this time."""
        return self._reached.wait(seconds) and self._decided
