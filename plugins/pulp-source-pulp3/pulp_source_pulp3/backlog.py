"""Which of the unfinished tasks are asked for in a poll."""

from collections.abc import Collection
from datetime import datetime

from .changes import Stage
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

    def choose(self, memory: Memory, listed: Collection[str], until: datetime) -> list[str]:
        """Return whom to ask for, in the order of asking: the newest first and those in work last.

        :param listed: tasks that the page before has shown.
        :param until: time of creation beyond which nobody is asked for.
        """
        open_tasks = (uuid for uuid in memory.unfinished() if memory.known[uuid].created <= until)
        waiting = [uuid for uuid in open_tasks if uuid not in listed]
        if len(waiting) > _SHALLOW:
            running = sum(memory.known[uuid].told is Stage.RUNNING for uuid in waiting)
            oldest, others = waiting[: running + BATCH], waiting[running + BATCH :]
            turn = self._turn % max(1, len(others))
            self._turn = turn + BATCH
            waiting = [*oldest, *others[turn : turn + BATCH]]
        return waiting[::-1]

    def is_deep(self, memory: Memory) -> bool:
        """Tell whether not all of them are asked for, so that those in work must be listed."""
        return len(memory.unfinished()) > _SHALLOW
