"""When to connect again, judged by how earlier connections did."""

from ..backoff import Backoff


class Reconnect:
    """At once after a connection that worked; with growing waits after attempts and connections that did not.

    :ivar failures: in a row, of attempts to connect and of connections that did not work.
    """

    def __init__(self, backoff: Backoff) -> None:
        self._backoff = backoff
        self.failures = 0
        self._proven = False  # a message was confirmed over this connection
        self._doubtful = False  # the last connection broke before that, or during an outage

    @property
    def trusted(self) -> bool:
        """Return whether the open connection can be expected to work."""
        return self._proven or not self._doubtful

    def delay_seconds(self) -> float:
        """Return the seconds to wait before the next attempt."""
        return self._backoff.delay_seconds(self.failures) if self.failures else 0.0

    def opened(self) -> None:
        """Note that a connection was opened; after one that did not work, this proves nothing yet."""
        self._proven = False
        if not self._doubtful:
            self.failures = 0

    def confirmed(self) -> None:
        """Note that the server confirmed a message."""
        self._proven, self.failures = True, 0

    def broke(self, in_outage: bool) -> bool:
        """Note that the connection broke; return whether it did not work.

        :param in_outage: messages were being dropped already.
        """
        self._doubtful = in_outage or not self._proven
        return self._doubtful

    def failed(self) -> None:
        """Count a failure."""
        self.failures += 1
