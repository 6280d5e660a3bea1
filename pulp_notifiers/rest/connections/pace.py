"""Whether a transfer is too slow."""


class Pace:
    """One transfer: it has some seconds, and one more for each ``bytes_per_second`` that it moved.

    So a slow line can send a large body, and a client that sends a byte a second cannot hold a connection.

    :param now: when it began, in seconds of any clock.
    """

    def __init__(self, now: float, seconds: float, bytes_per_second: float) -> None:
        self._deadline = now + seconds
        self._bytes_per_second = bytes_per_second

    def moved(self, count: int) -> None:
        """Note that bytes were transferred."""
        self._deadline += count / self._bytes_per_second

    def held(self, seconds: float) -> None:
        """Note that the other side had to wait for this one."""
        self._deadline += seconds

    def is_overdue(self, now: float) -> bool:
        """Return whether the transfer takes too long."""
        return now > self._deadline
