"""The log of refused and closed connections: a line a minute, however many there are."""

import logging
from collections import Counter

_QUIET_SECONDS = 60.0

_logger = logging.getLogger(__name__)


class Tally:
    """Counts what was refused or closed, by reason."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._silent_until: float | None = None

    def add(self, address: str, reason: str, now: float) -> None:
        """Log the first one, and count those that follow."""
        if self._silent_until is None:
            self._silent_until = now + _QUIET_SECONDS
            _logger.warning(
                "Closed a connection from %s: %s; further ones are counted for a minute", address, reason.rstrip(".")
            )
        else:
            self._counts[reason] += 1

    def report(self, now: float) -> None:
        """Log the counts, if it is time."""
        if self._silent_until is not None and now >= self._silent_until:
            self._silent_until = now + _QUIET_SECONDS if self._counts else None
            self.flush()

    def flush(self) -> None:
        """Log the counts now."""
        if self._counts:
            counts = "; ".join(f"{count} times: {reason}" for reason, count in self._counts.most_common())
            _logger.warning("Further connections were closed: %s", counts)
            self._counts.clear()
