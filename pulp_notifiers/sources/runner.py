"""The runner: leases sources for this process and runs those that no other process runs."""

import logging
import os
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from ..errors import StoreUnavailable
from ..event import utc_now
from ..outage import Outage
from ..records import RegisteredSource, SourceStatus
from .intake import Engine
from .lease_holder import has_died, new_holder
from .rules import SourceTypes
from .run import RunOptions, SourceRun

_logger = logging.getLogger(__name__)


class Leases(Protocol):
    """Where sources are leased (:class:`pulp_notifiers.store.sources.SourceRows`)."""

    def claim(
        self,
        owner: str,
        now: datetime,
        until: datetime,
        except_ids: Collection[str],
        names: Collection[str] | None,
        has_died: Callable[[str], bool],
    ) -> Sequence[RegisteredSource]: ...
    def renew(self, owner: str, until: datetime, statuses: Mapping[str, SourceStatus]) -> dict[str, str | None]: ...
    def release(self, owner: str, source_id: str) -> None: ...


class SourceRunner:
    """Runs the sources that no other process runs, until it is stopped.

    One thread renews the leases of the sources that run here and claims those that nobody holds; each source has a
    thread of its own. Another thread stops all of them if their leases were not renewed in time, even while the first
    one is blocked.

    :param make_engine: makes the parts that intakes use; called by the thread that claims sources.
    """

    def __init__(
        self,
        leases: Leases,
        types: SourceTypes,
        make_engine: Callable[[], Engine],
        options: RunOptions | None = None,
        clock: Callable[[], datetime] = utc_now,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.options = options or RunOptions()
        self.owner = new_holder()
        self._leases = leases
        self._types = types
        self._make_engine = make_engine
        self._engine: Engine | None = None
        self._clock = clock
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._runs: dict[str, SourceRun] = {}
        self._ending: list[SourceRun] = []
        self._renewed_at = monotonic()
        self._names: Collection[str] | None = None
        self._wake = threading.Event()
        self._stopped = threading.Event()
        self._outage = Outage(clock)
        self._pid = 0
        self._supervising = threading.Thread(target=self._supervise, name="pulp-notifiers-sources", daemon=True)
        self._guarding = threading.Thread(target=self._guard, name="pulp-notifiers-source-leases", daemon=True)

    @property
    def running(self) -> bool:
        """Whether the threads are running, in this process."""
        return self._pid == os.getpid() and not self._stopped.is_set()

    def start(self, names: Collection[str] | None = None) -> None:
        """Start the threads.

        :param names: run only these sources; None for all.
        :raises RuntimeError: they were started before.
        """
        if self._pid:
            raise RuntimeError("A source runner can be started only once; create another one.")
        self._names = names
        self._pid = os.getpid()
        # A new name, because this may be one of several processes that were forked after the runner was created.
        self.owner = new_holder()
        self._supervising.start()
        self._guarding.start()

    def wake(self) -> None:
        """Check the sources now instead of at the next poll."""
        if self._pid == os.getpid():
            self._wake.set()

    def stop(self, timeout_seconds: float = 10.0) -> bool:
        """Stop all sources that run here, and release their leases so that other processes can run them at once.

        :param timeout_seconds: how long to wait. The lease of a source that still runs then is not released.
        :return: whether all of them ended.
        """
        if not self.running:
            return True
        deadline = self._monotonic() + timeout_seconds
        self._stopped.set()
        self._wake.set()
        with self._lock:
            runs = dict(self._runs)
        for run in runs.values():
            run.stop()
        self._supervising.join(max(0.0, deadline - self._monotonic()))
        with self._lock:
            runs = {**{run.source.id: run for run in self._ending}, **runs, **self._runs}
            self._runs, self._ending = {}, []
        left = [run for run in runs.values() if not self._ended(run, deadline)]
        return not left

    def _ended(self, run: SourceRun, deadline: float) -> bool:
        run.stop()
        if not run.join(deadline - self._monotonic()):
            _logger.warning("Source %s did not stop in time; its lease is not released", run.source.name)
            return False
        try:
            self._leases.release(self.owner, run.source.id)
        except StoreUnavailable as unavailable:
            _logger.warning(
                "The lease of source %s could not be released: %s; other processes wait until it expires",
                run.source.name,
                unavailable,
            )
        return True

    def _supervise(self) -> None:
        while not self._stopped.is_set():
            self._wake.clear()
            try:
                self._one_round()
                self._end_outage()
            except StoreUnavailable as unavailable:
                self._begin_outage(unavailable)
            except Exception:  # the one broad except of this thread, which must survive, or no lease is renewed
                _logger.exception("Unexpected error in the source runner; continuing")
            self._wake.wait(self.options.poll.total_seconds())

    def _one_round(self) -> None:
        self._renew()
        engine = self._engine = self._engine or self._make_engine()
        with self._lock:
            self._ending = [run for run in self._ending if run.alive]
            held = set(self._runs)
            # A source that does not stop must not run twice in this process.
            busy = held | {run.source.id for run in self._ending}
        moment, now = self._monotonic(), self._clock()
        claimed = self._leases.claim(self.owner, now, now + self.options.lease, busy, self._names, has_died)
        if not held:
            self._renewed_at = moment
        for source in claimed:
            self._run(source, engine)

    def _renew(self) -> None:
        with self._lock:
            runs = dict(self._runs)
        if not runs:
            return
        moment = self._monotonic()
        statuses = {source_id: run.status for source_id, run in runs.items()}
        holders = self._leases.renew(self.owner, self._clock() + self.options.lease, statuses)
        self._renewed_at = moment
        for source_id, run in runs.items():
            if source_id not in holders:
                _logger.info("Source %s was removed; stopping it", run.source.name)
            elif holders[source_id] is None:
                _logger.info("Source %s was changed; restarting it", run.source.name)
            elif holders[source_id] != self.owner:
                _logger.info("Another process has taken over source %s; stopping it here", run.source.name)
            elif run.alive:
                continue
            else:
                self._leases.release(self.owner, source_id)
            self._drop(run)

    def _run(self, source: RegisteredSource, engine: Engine) -> None:
        run = SourceRun(source, self.owner, self._types, engine, self.options, self.wake, self._clock, self._monotonic)
        with self._lock:
            starting = not self._stopped.is_set()
            if starting:
                self._runs[source.id] = run
                run.start()
        if starting:
            _logger.info("Source %s is run by this process", source.name)
        else:
            self._leases.release(self.owner, source.id)

    def _drop(self, run: SourceRun) -> None:
        run.stop()
        with self._lock:
            self._runs.pop(run.source.id, None)
            self._ending.append(run)

    def _guard(self) -> None:
        lease = self.options.lease.total_seconds()
        while not self._stopped.wait(lease / 20):
            with self._lock:
                overdue = list(self._runs.values()) if self._monotonic() - self._renewed_at >= lease else []
            for run in overdue:
                _logger.error("The lease of source %s could not be renewed in time; stopping it here", run.source.name)
                self._drop(run)

    def _begin_outage(self, unavailable: StoreUnavailable) -> None:
        level = self._outage.begin_at(logging.ERROR)
        _logger.log(level, "Sources are waiting for the database: %s", unavailable)

    def _end_outage(self) -> None:
        if self._outage.end():
            _logger.info("The database answers again; sources continue")
