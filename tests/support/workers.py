"""A worker over claims from memory, with attempts that end as a test prepares."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from pulp_notifiers.delivery import Worker, WorkerOptions
from pulp_notifiers.event import Event
from pulp_notifiers.records import Attempt, Attempted, Claim, DeliveryState, LaneState, Outcome, OwedDelivery
from tests.support.memory import START, ClaimTable, NothingOld

SECONDS = 60  # a deadline for what happens at once; reached only if something is broken


def claim_of(listener: str, lane: int, *numbers: int) -> Claim:
    """Return a claim with deliveries of these ids."""
    owed = tuple(OwedDelivery(number, Event("a", {}), "", 0) for number in numbers)
    return Claim(lane, f"owner{lane}", listener, owed)


class PreparedAttempts:
    """Attempts that end as prepared, and that a gate can hold up.

    :param states: ``d`` and a delivery's id to the state after its attempt; the others are delivered.
    """

    def __init__(self, **states: DeliveryState) -> None:
        self.states = {int(number.removeprefix("d")): state for number, state in states.items()}
        self.changed = threading.Condition()
        self.attempted: list[int] = []
        self.revisions: list[int] = []
        self.gates: dict[str, threading.Event] = {}

    def run(self, listener_id: str, delivery: OwedDelivery, listeners_revision: int) -> Outcome:
        """Wait for the listener's gate, then return the prepared outcome."""
        with self.changed:
            self.revisions.append(listeners_revision)
            self.attempted.append(delivery.id)
            self.changed.notify_all()
        if listener_id in self.gates:
            assert self.gates[listener_id].wait(SECONDS)
        state = self.states.get(delivery.id, DeliveryState.DELIVERED)
        due_at = START if state is DeliveryState.PENDING else None
        return Outcome(state, Attempt(1, START, START, None), due_at)

    def overdue(self, listener_id: str, delivery: OwedDelivery, limit: timedelta) -> Outcome:
        """Return an outcome with the error ``overdue``."""
        return Outcome(DeliveryState.PENDING, Attempt(1, START, START, "overdue"), START)

    def wait_for(self, *numbers: int) -> None:
        """Return once these deliveries are being attempted."""
        with self.changed:
            assert self.changed.wait_for(lambda: set(numbers) <= set(self.attempted), SECONDS), self.attempted


class RecordedClaims(ClaimTable):
    """Claims that can be waited for until outcomes are recorded."""

    def __init__(self, *claims: Claim) -> None:
        super().__init__(*claims)
        self.changed = threading.Condition()

    def record(self, attempted: Sequence[Attempted], now: datetime) -> list[LaneState]:
        """Keep outcomes."""
        states = super().record(attempted, now)
        with self.changed:
            self.changed.notify_all()
        return states

    def wait_for(self, count: int) -> None:
        """Return once so many outcomes are recorded."""
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.recorded) >= count, SECONDS), self.recorded


@contextmanager
def running(
    claims: ClaimTable, attempts: PreparedAttempts, threads: int = 4, old_rows: Any = None, **options: Any
) -> Iterator[Worker]:
    """Run a worker while the block runs."""
    worker = Worker(claims, old_rows or NothingOld(), attempts, WorkerOptions(threads=threads, **options))
    worker.start()
    try:
        yield worker
    finally:
        for gate in attempts.gates.values():
            gate.set()
        assert worker.stop(SECONDS)
