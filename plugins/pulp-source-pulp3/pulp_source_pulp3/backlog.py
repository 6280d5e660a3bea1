"""Which of the unfinished tasks are asked for in a poll."""

from collections.abc import Collection

from .memory import Memory
from .tasks import BATCH

_SHALLOW = 2 * BATCH


class Backlog:
    """Chooses: all of them while they are few; else those in work, the oldest, and others in turn.

    Tasks run roughly in the order of their creation, so the oldest change first. Whoever runs out of order is found
    in turn, or in the list of the tasks in work that is then asked for too.
    """

    def __init__(self) -> None:
        self._turn = 0

    def choose(self, memory: Memory, listed: Collection[str]) -> list[str]:
        """Return whom to ask for; those in work first.

        :param listed: tasks that a list of the same poll has shown.
        """
        waiting = [uuid for uuid in memory.unfinished() if uuid not in listed]
        if len(waiting) <= _SHALLOW:
            return waiting
        running = [uuid for uuid in memory.running() if uuid not in listed]
        rest = waiting[len(running) :]
        oldest, others = rest[:BATCH], rest[BATCH:]
        turn = self._turn % max(1, len(others))
        self._turn = turn + BATCH
        return [*running, *oldest, *others[turn : turn + BATCH]]

    def is_deep(self, memory: Memory) -> bool:
        """Tell whether not all of them are asked for, so that those in work must be listed."""
        return len(memory.unfinished()) > _SHALLOW
