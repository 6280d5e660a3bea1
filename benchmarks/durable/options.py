"""What the command line asks for."""

import sys
from dataclasses import dataclass


@dataclass(frozen=True)
class Options:
    """How much is measured, and where.

    :ivar kinds: of databases.
    :ivar rounds: how often; the median counts.
    :ivar scale: by which every number of events is multiplied.
    :ivar seconds: how long each rate is offered for.
    :ivar longest_drain: after this many seconds a drain is cut off.
    """

    kinds: tuple[str, ...]
    rounds: int
    scale: float
    seconds: float
    longest_drain: float = 15.0

    def size(self, events: int) -> int:
        """Return how many events to use if this many are usual."""
        return max(1, round(events * self.scale))

    def progress(self, text: str) -> None:
        """Print to standard error."""
        print(text, file=sys.stderr, flush=True)

    def __str__(self) -> str:
        return f"medians of {self.rounds} interleaved rounds"
