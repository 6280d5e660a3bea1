"""The runner: sees to it that each source is run by one process, and runs those that fall to this one."""

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
from .run import RunOptions, SourceRun, SourceTypes

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

    One thread looks at the sources, renews the leases of those that run here, and takes those that nobody holds; each
    source has a further thread. Another thread stops them all when their leases could not be renewed in time, whatever
    the first one waits for.

    :param make_engine: makes what sources hand over to; called by the thread that looks at the sources.
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
        self._look_again = threading.Event()
        self._stopped = threading.Event()
        self._outage = Outage(clock)
        self._pid = 0
        self._supervising = threading.Thread(target=self._supervise, name="pulp-notifiers-sources", daemon=True)
        self._guarding = threading.Thread(target=self._guard, name="pulp-notifiers-source-leases", daemon=True)

    @property
    def running(self) -> bool:
        """Tell whether the threads are at work, in this process."""
        return self._pid == os.getpid() and not self._stopped.is_set()

    def start(self, names: Collection[str] | None = None) -> None:
        """Start the threads.

        :param names: run no other sources than these; None for all.
        :raises RuntimeError: they were started before.
        """
        if self._pid:
            raise RuntimeError("A source runner is started once; make another one.")
        self._names = names
        self._pid = os.getpid()
        # Anew, because this may be one of several processes that were forked after it was made.
        self.owner = new_holder()
        self._supervising.start()
        self._guarding.start()

    def wake(self) -> None:
        """Look at the sources now instead of at the next poll."""
        if self._pid == os.getpid():
            self._look_again.set()

    def stop(self, timeout_seconds: float = 10.0) -> bool:
        """End all sources that run here, and let other processes have them at once.

        :param timeout_seconds: how long to wait. What then still runs is left to its lease.
        :return: whether all of them ended.
        """
        if not self.running:
            return True
        deadline = self._monotonic() + timeout_seconds
        self._stopped.set()
        self._look_again.set()
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
            _logger.warning("Source %s does not end when asked to, and is left to its lease", run.source.name)
            return False
        try:
            self._leases.release(self.owner, run.source.id)
        except StoreUnavailable as unavailable:
            _logger.warning("Source %s is left to its lease: %s", run.source.name, unavailable)
        return True

    def _supervise(self) -> None:
        while not self._stopped.is_set():
            self._look_again.clear()
            try:
                self._one_round()
                self._end_outage()
            except StoreUnavailable as unavailable:
                self._begin_outage(unavailable)
            except Exception:  # the one broad except of this thread: it must go on, or leases are not renewed any more
                _logger.exception("The runner of sources stumbled and goes on")
            self._look_again.wait(self.options.poll.total_seconds())

    def _one_round(self) -> None:
        self._renew()
        engine = self._engine = self._engine or self._make_engine()
        with self._lock:
            self._ending = [run for run in self._ending if run.alive]
            held = set(self._runs)
            # One that does not end keeps its source from being run twice in this process.
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
                _logger.info("Source %s was removed, and is not run any more", run.source.name)
            elif holders[source_id] is None:
                _logger.info("Source %s was changed, and is begun anew", run.source.name)
            elif holders[source_id] != self.owner:
                _logger.info("Another process runs source %s now", run.source.name)
            elif run.alive:
                continue
            else:
                self._leases.release(self.owner, source_id)
            self._drop(run)

    def _run(self, source: RegisteredSource, engine: Engine) -> None:
        run = SourceRun(source, self.owner, self._types, engine, self.options, self.wake, self._clock, self._monotonic)
        with self._lock:
            wanted = not self._stopped.is_set()
            if wanted:
                self._runs[source.id] = run
                run.start()
        if wanted:
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
                _logger.error("The lease of source %s could not be renewed in time, so it stops here", run.source.name)
                self._drop(run)

    def _begin_outage(self, unavailable: StoreUnavailable) -> None:
        level = logging.ERROR if self._outage.begin() else logging.DEBUG
        _logger.log(level, "Sources are waiting for the database: %s", unavailable)

    def _end_outage(self) -> None:
        if self._outage.end():
            _logger.info("The database answers again; sources continue")
