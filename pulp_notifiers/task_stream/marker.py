"""A place in the queue at which somebody waits."""

import threading


class Marker:
    """Is reached when everything that was put before it is published or dropped.

    :ivar place: the position of the last report before it, once it has left the queue.
    :ivar given_up: nobody waits any more.
    """

    def __init__(self) -> None:
        self.place = 0
        self.given_up = False
        self._reached = threading.Event()
        self._decided = False

    def reach(self, decided: bool) -> None:
        """Wake whoever waits.

        :param decided: every message before is confirmed or dropped.
        """
        self._decided = decided
        self._reached.set()

    def wait(self, seconds: float) -> bool:
        """Return whether every message before was confirmed or dropped within this time; call this once."""
        reached = self._reached.wait(seconds)
        self.given_up = True
        return reached and self._decided
