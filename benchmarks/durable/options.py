"""What the command line asks for."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Options:
    """How much is measured, and where.

    :ivar kinds: of databases.
    :ivar rounds: how often; the median counts.
    :ivar scale: by which every number of events is multiplied.
    :ivar seconds: how long each rate is offered for, and a soak lasts.
    :ivar rate: events/s of a soak.
    :ivar output: folder for the files of a soak.
    """

    kinds: tuple[str, ...]
    rounds: int
    scale: float
    seconds: float
    rate: float
    output: str

    def size(self, events: int) -> int:
        """Return how many events to use if this many are usual."""
        return max(1, round(events * self.scale))

    def __str__(self) -> str:
        return f"medians of {self.rounds} interleaved rounds"
