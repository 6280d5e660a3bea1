"""A place in the queue at which somebody waits."""

import threading


class Marker:
    """Is reached when all before it in the queue is decided, or passed over when that must be given up."""

    def __init__(self) -> None:
        self._passed = threading.Event()
        self._decided = False

    def reach(self, decided: bool) -> None:
        """Say whether all before is decided."""
        self._decided = decided
        self._passed.set()

    def wait(self, seconds: float) -> bool:
        """Tell whether all before was decided in time."""
        return self._passed.wait(seconds) and self._decided
