"""The thread that claims due lanes, renews leases, gives overdue attempts up and deletes old deliveries and events."""

import logging
import math
import threading
import time
from collections.abc import Callable, Collection, Iterable
from datetime import datetime
from typing import Protocol

from ..errors import StoreUnavailable
from ..event import utc_now
from ..records import Claim, Claimed, Pruned
from .fair_share import SLOW_SECONDS, HeldLane
from .held_lanes import HeldLanes
from .options import WorkerOptions

_PRUNE_EVERY_SECONDS = 3600.0
_PRUNES_IN_RETENTION = 10
"""Old rows are looked for so often in the time that they are kept, and at least once an hour."""

_CLOCK_TOLERANCE_SECONDS = 1.0

_logger = logging.getLogger(__name__)


class Leases(Protocol):
    """Where lanes are leased (:class:`pulp_notifiers.store.claims.Claims`)."""

    def claim(
        self,
        now: datetime,
        until: datetime,
        limit: int,
        except_listeners: Collection[str],
        most_of: Callable[[str], int],
        suspects: int,
    ) -> Claimed: ...
    def renew(self, claims: Iterable[Claim], until: datetime) -> list[Claim]: ...
    def release(self, claims: Iterable[Claim]) -> None: ...


class OldRows(Protocol):
    """Deliveries that ended and kept events, which are deleted later (``pulp_notifiers.store``)."""

    def prune(self, delivered_before: datetime, dead_before: datetime, events_before: datetime) -> Pruned: ...


class Outages(Protocol):
    """Logs when the database becomes unavailable and when it answers again."""

    def begin(self, unavailable: StoreUnavailable) -> None: ...
    def end(self) -> None: ...


class ClaimLoop:
    """Looks for due lanes whenever it is worth it.

    :param give_up: called for each overdue attempt.
    :param monotonic: seconds that never go back; leases are renewed by them, so a change of the clock does not matter.
    """

    def __init__(
        self,
        leases: Leases,
        old_rows: OldRows,
        lanes: HeldLanes,
        outages: Outages,
        give_up: Callable[[HeldLane], None],
        options: WorkerOptions,
        clock: Callable[[], datetime] = utc_now,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._leases = leases
        self._old_rows = old_rows
        self._lanes = lanes
        self._outages = outages
        self._give_up = give_up
        self._options = options
        self._clock = clock
        self._monotonic = monotonic
        kept = min(filter(None, (options.keep_delivered, options.keep_dead, options.keep_events)))
        self._prune_seconds = min(_PRUNE_EVERY_SECONDS, kept.total_seconds() / _PRUNES_IN_RETENTION)
        self._pruned_at = -math.inf
        self._clock_at = (clock(), monotonic())
        self._claim_after = -math.inf
        self._thread = threading.Thread(target=self._run, name="pulp-notifiers-claims", daemon=True)

    @property
    def running(self) -> bool:
        """Whether the thread runs."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def join(self) -> None:
        """Wait for the thread, which ends with :meth:`.held_lanes.HeldLanes.end`."""
        self._thread.join()

    def _run(self) -> None:
        while not self._lanes.ended:
            pause = self._longest_pause
            try:
                pause = self._one_round()
                self._outages.end()
            except StoreUnavailable as unavailable:
                self._outages.begin(unavailable)
            except Exception:  # the one broad except of this thread, which must survive, or nothing is delivered
                _logger.exception("Unexpected error in the worker; continuing")
            self._lanes.rest(pause)

    def _one_round(self) -> float:
        changed = self._clock_changed()
        self._renew_sometimes(at_once=changed)
        for lane in self._lanes.overdue(self._options.attempt_limit.total_seconds()):
            self._give_up(lane)
        if changed:
            # Other processes notice it within their own pause, and renew their leases then.
            self._claim_after = self._monotonic() + self._longest_pause
        claimed = None if self._lanes.stopping or self._monotonic() < self._claim_after else self._claim()
        self._prune_sometimes()
        return self._longest_pause if claimed is None else self._pause_seconds(claimed)

    def _clock_changed(self) -> bool:
        (then, began), (now, ended) = self._clock_at, (self._clock(), self._monotonic())
        self._clock_at = now, ended
        seconds = (now - then).total_seconds() - (ended - began)
        if abs(seconds) <= _CLOCK_TOLERANCE_SECONDS:
            return False
        _logger.warning("The clock was changed by %.0f seconds; the leases of claimed lanes are renewed", seconds)
        return True

    def _renew_sometimes(self, at_once: bool) -> None:
        renewed_before = self._monotonic() - self._lanes.renewed_at
        if not at_once and renewed_before < self._options.lease.total_seconds() / 3:
            return
        lost = self._leases.renew(self._lanes.begin_renewal(), self._clock() + self._options.lease)
        self._lanes.renewed(lost)

    def _claim(self) -> Claimed:
        now = self._clock()
        limit, full, suspects = self._lanes.begin_round()
        claimed = self._leases.claim(now, now + self._options.lease, limit, full, self._lanes.most_of, suspects)
        self._lanes.end_round(claimed, full)
        return claimed

    @property
    def _longest_pause(self) -> float:
        return min(self._options.poll, self._options.lease / 3).total_seconds()

    def _pause_seconds(self, claimed: Claimed) -> float:
        if claimed.more:
            return 0.0
        due_at = claimed.next_due
        wait = (due_at - self._clock()).total_seconds() if due_at is not None else self._longest_pause
        # What is due already waits for a thread, and a thread that becomes free looks again.
        pause = min(wait, self._longest_pause) if wait > 0 else self._longest_pause
        # A running attempt makes room for others when it becomes slow, and only the time shows that.
        return min(pause, SLOW_SECONDS) if self._lanes.busy else pause

    def _prune_sometimes(self) -> None:
        if self._monotonic() - self._pruned_at < self._prune_seconds:
            return
        now = self._clock()
        options = self._options
        pruned = self._old_rows.prune(now - options.keep_delivered, now - options.keep_dead, now - options.keep_events)
        if pruned.deliveries:
            _logger.info("Deleted %d old deliveries", pruned.deliveries)  # the next round looks for more
        if pruned.events:
            _logger.info("Deleted %d old events", pruned.events)
        if not pruned.any:
            self._pruned_at = self._monotonic()
