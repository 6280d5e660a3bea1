"""The recorder: commits outcomes in batches, while the threads that made the attempts go on with other lanes."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from ..errors import StoreUnavailable
from ..event import utc_now
from ..records import Attempted, LaneState
from .fair_share import HeldLane

MOST_UNRECORDED = 100
"""Attempts that have ended and are not recorded yet; after a kill they are repeated, as are those that were running."""

GATHER_SECONDS = 0.01
"""How long outcomes for which no thread waits are gathered, since a commit costs more than recording ten of them."""

_RETRY_SECONDS = 0.5

_logger = logging.getLogger(__name__)


class Outcomes(Protocol):
    """Where outcomes are recorded (:class:`pulp_notifiers.store.claims.Claims`)."""

    def record(self, attempted: Sequence[Attempted], now: datetime) -> list[LaneState]: ...


class Recorder:
    """Records what is handed over in the order in which it came, in one thread.

    While the database does not answer, outcomes are kept and recorded later; after ``patience`` their leases have
    ended, so they are dropped and the deliveries are repeated.

    :param recorded: called for each outcome; with None if it could not be recorded.
    :param unavailable: called for each failure of the database.
    """

    def __init__(
        self,
        outcomes: Outcomes,
        recorded: Callable[[HeldLane, Attempted, LaneState | None], None],
        unavailable: Callable[[StoreUnavailable], None],
        patience: timedelta,
        clock: Callable[[], datetime] = utc_now,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._outcomes = outcomes
        self._recorded = recorded
        self._unavailable = unavailable
        self._patience_seconds = patience.total_seconds()
        self._clock = clock
        self._monotonic = monotonic
        self._changed = threading.Condition()
        self._waiting: list[tuple[HeldLane, Attempted]] = []
        self._unrecorded = 0
        self._awaited = False
        self._letting_go = self._stopping = self._ended = False
        self._thread = threading.Thread(target=self._record_forever, name="pulp-notifiers-recorder", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def hand_over(self, lane: HeldLane, attempted: Attempted, awaited: bool) -> None:
        """Have an outcome recorded soon; after :meth:`stop`, record it now.

        :param awaited: without gathering others, because threads are idle until then.
        """
        with self._changed:
            if not self._ended:
                self._waiting.append((lane, attempted))
                self._unrecorded += 1
                if len(self._waiting) == 1 or (awaited and not self._awaited):
                    self._awaited = self._awaited or awaited
                    self._changed.notify_all()
                return
        self._record([(lane, attempted)])

    def has_room(self) -> bool:
        """Return whether fewer than :data:`MOST_UNRECORDED` outcomes are unrecorded."""
        return self._unrecorded < MOST_UNRECORDED

    def wait_for_room(self) -> None:
        """Return once there is room, or :meth:`let_go` was called."""
        if not self.has_room():
            with self._changed:
                self._changed.wait_for(lambda: self.has_room() or self._letting_go)

    def let_go(self) -> None:
        """Let threads go that wait for room, because they are to end."""
        with self._changed:
            self._letting_go = True
            self._changed.notify_all()

    def stop(self) -> None:
        """Record what was handed over, once more if the database does not answer, and end the thread."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        self._thread.join()

    def _record_forever(self) -> None:
        while batch := self._next_batch():
            try:
                self._record(batch)
            except Exception:  # the other broad except of this thread
                _logger.exception("Unexpected error while recording outcomes; continuing")
            with self._changed:
                self._unrecorded -= len(batch)
                self._changed.notify_all()

    def _record(self, batch: Sequence[tuple[HeldLane, Attempted]]) -> None:
        states = self._states_of([attempted for _, attempted in batch])
        for (lane, attempted), state in zip(batch, states, strict=True):
            self._recorded(lane, attempted, state)

    def _next_batch(self) -> list[tuple[HeldLane, Attempted]]:
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._stopping)
            self._changed.wait_for(lambda: self._awaited or self._stopping, GATHER_SECONDS)
            batch, self._waiting, self._awaited = self._waiting, [], False
            self._ended = not batch
        return batch

    def _states_of(self, batch: Sequence[Attempted]) -> Sequence[LaneState | None]:
        until = self._monotonic() + self._patience_seconds
        while True:
            try:
                return self._outcomes.record(batch, self._clock())
            except StoreUnavailable as unavailable:
                self._unavailable(unavailable)
                if self._stopping or self._monotonic() >= until:
                    return self._dropped(batch)
                with self._changed:
                    self._changed.wait_for(lambda: self._stopping, _RETRY_SECONDS)
            except Exception:  # the one broad except of this thread, which must survive, or nothing is recorded
                _logger.exception("Unexpected error while recording outcomes; continuing")
                if len(batch) == 1:
                    return self._dropped(batch)
                return [state for each in batch for state in self._states_of([each])]

    def _dropped(self, batch: Sequence[Attempted]) -> list[None]:
        _logger.error(
            "The outcomes of %d attempts could not be recorded; these deliveries are attempted again when their "
            "leases end",
            len(batch),
        )
        return [None] * len(batch)
