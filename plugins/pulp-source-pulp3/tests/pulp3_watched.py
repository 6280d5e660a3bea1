"""A watched repository, for tests of the events and reports that it makes."""

from typing import Any

from pulp3_direct import DirectClient, poll_of
from pulp3_intake import WatchIntake
from pulp3_world import World


class Watched:
    """A world with one repository, and an intake with what its watch reported."""

    def __init__(self, app: str = "file") -> None:
        self.world = World()
        self.intake = WatchIntake()
        self.zoo = self.world.add_repository("zoo", app)
        self.world.run("sync.completed", self.zoo)
        self.poll = poll_of(self.world, self.intake, DirectClient(self.world))
        self.poll.begin(None)
        self.world.clock.advance(1)

    def run(self, kind: str, **changes: Any) -> "Watched":
        self.world.run(kind, self.zoo, **changes)
        self.poll.poll()
        return self

    def types(self) -> list[str]:
        return [event.type for event in self.intake.events]

    def payload(self, event_type: str) -> Any:
        [event] = [event for event in self.intake.events if event.type == event_type]
        return event.payload
