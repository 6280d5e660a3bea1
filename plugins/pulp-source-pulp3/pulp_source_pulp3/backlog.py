"""Which unfinished tasks a poll asks for."""

from collections.abc import Collection
from datetime import datetime

from .changes import Stage
from .memory import Memory
from .tasks import BATCH

_ALL_AT_ONCE = 2 * BATCH


class Backlog:
    """Chooses all of them while there are few; otherwise the running ones, the oldest, and the others in rotation.

    Tasks run roughly in the order of their creation, so the oldest change first. A task that runs out of order is
    found by the rotation, or in the list of running tasks that is requested as well.
    """

    def __init__(self) -> None:
        self._turn = 0

    def choose(self, memory: Memory, listed: Collection[str], until: datetime) -> list[str]:
        """Return the tasks to ask for, in the order of the requests: the newest first, the running ones last.

        :param listed: tasks that the preceding page already listed.
        :param until: tasks created after this time are left out.
        """
        open_tasks = (uuid for uuid in memory.unfinished() if memory.known[uuid].created <= until)
        waiting = [uuid for uuid in open_tasks if uuid not in listed]
        if len(waiting) > _ALL_AT_ONCE:
            running = sum(memory.known[uuid].reported is Stage.RUNNING for uuid in waiting)
            oldest, others = waiting[: running + BATCH], waiting[running + BATCH :]
            turn = self._turn % max(1, len(others))
            self._turn = turn + BATCH
            waiting = [*oldest, *others[turn : turn + BATCH]]
        return waiting[::-1]

    def is_deep(self, memory: Memory) -> bool:
        """Return whether there are too many to ask for all, so that the running ones must be listed separately."""
        return len(memory.unfinished()) > _ALL_AT_ONCE
