"""One source that this process runs: its thread, its failures and its status."""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from ..backoff import Backoff, usable_seconds
from ..errors import InvalidSource, LeaseLost, PermanentFailure, SourceUnavailable, StoreUnavailable, TemporaryFailure
from ..event import utc_now
from ..options import scrub
from ..plugin_host import described_error, error_text, one_line, stack_of
from ..records import RegisteredSource, SourceState, SourceStatus
from .intake import Engine, SourceIntake
from .rules import SourceTypes

_STEADY_SECONDS = 60.0
"""A source that worked this long starts with the shortest wait again; one that fails sooner waits longer each time."""

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How sources are run.

    :ivar lease: how long until other processes take over a dead process's sources.
    :ivar poll: how often leases are renewed and sources that nobody runs are claimed.
    :ivar backoff: waits before a failed source is run again.
    :ivar permanent_failure_seconds: the shortest wait if something has to be changed before the source can work.
    :ivar longest_wait_seconds: the longest wait that a source may ask for.
    """

    lease: timedelta = timedelta(seconds=20)
    poll: timedelta = timedelta(seconds=5)
    backoff: Backoff = field(default_factory=lambda: Backoff(first_seconds=2.0, longest_seconds=60.0))
    permanent_failure_seconds: float = 60.0
    longest_wait_seconds: float = 3600.0


class SourceRun:
    """Runs one source in its own thread, again after each failure, until it is stopped or its lease is lost.

    :param owner: the holder of its lease.
    :param changed: called by the thread when the source fails, recovers, or has ended.
    """

    def __init__(
        self,
        source: RegisteredSource,
        owner: str,
        types: SourceTypes,
        engine: Engine,
        options: RunOptions,
        changed: Callable[[], None] = lambda: None,
        clock: Callable[[], datetime] = utc_now,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.source = source
        self._types = types
        self._options = options
        self._changed = changed
        self._clock = clock
        self._monotonic = monotonic
        self._intake = SourceIntake(engine, source, owner, self._works)
        self._lock = threading.Lock()
        self._status = SourceStatus(SourceState.RUNNING)
        self._failures = 0
        self._secret_options: frozenset[str] = frozenset()
        self._works_since = monotonic()
        self._thread = threading.Thread(target=self._work, name=f"pulp-notifiers-source-{source.name}", daemon=True)

    @property
    def alive(self) -> bool:
        """Whether the thread is running."""
        return self._thread.is_alive()

    @property
    def status(self) -> SourceStatus:
        """The current status of the source."""
        return self._status

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Ask the source to stop, and return at once."""
        self._intake.stopping.set()

    def join(self, timeout_seconds: float) -> bool:
        """Wait for the thread to end; return whether it did in time."""
        self._thread.join(max(0.0, timeout_seconds))
        return not self._thread.is_alive()

    def _work(self) -> None:
        stopping = self._intake.stopping
        while not stopping.is_set():
            wait_seconds = self._run_once()
            stopping.wait(wait_seconds)
        self._changed()

    def _run_once(self) -> float:
        """Return how long to wait before the next run."""
        if self.source.unreadable is not None:
            return self._failed(self.source.unreadable, at_least=self._options.permanent_failure_seconds)
        try:
            loaded = self._types.get(self.source.source_type)
            self._secret_options = loaded.secret_options(self.source.config)
            loaded.run(loaded.parse(self.source.config), self._intake)
        except LeaseLost:
            self.stop()
            return 0.0
        except TemporaryFailure as temporary:
            return self._failed(error_text(temporary), at_least=usable_seconds(temporary.retry_after))
        except (PermanentFailure, InvalidSource, SourceUnavailable) as permanent:
            return self._failed(error_text(permanent), at_least=self._options.permanent_failure_seconds)
        except StoreUnavailable as unavailable:
            return self._failed(error_text(unavailable))
        except BaseException as unexpected:  # noqa: BLE001  the one of this thread: plugins may raise anything
            return self._failed(described_error(unexpected), unexpected=unexpected)
        return self._failed("The source ended although nobody stopped it: report this to its plugin's author.")

    def _failed(self, error: str, at_least: float = 0.0, unexpected: BaseException | None = None) -> float:
        reason = one_line(scrub(error, self.source.config, self._secret_options))
        if self._intake.stopping.is_set():
            _logger.debug("Source %s ended with: %s", self.source.name, reason)
            return 0.0
        with self._lock:
            new = self._status.state is not SourceState.FAILING
            since = self._clock() if new else self._status.problem_since
            steady = new and self._monotonic() - self._works_since >= _STEADY_SECONDS
            self._failures = 1 if steady else self._failures + 1
            self._status = replace(self._status, state=SourceState.FAILING, problem=reason, problem_since=since)
        # Only the first failure is an error in the log; the latest one is in the status.
        level = logging.ERROR if new else logging.DEBUG
        details = reason if unexpected is None else f"{reason}\n{stack_of(unexpected)}"
        _logger.log(level, "Source %s is failing: %s", self.source.name, details)
        self._changed()
        wait = max(self._options.backoff.delay_seconds(self._failures), at_least)
        return min(wait, self._options.longest_wait_seconds)

    def _works(self, facts: Mapping[str, Any] | None) -> None:
        with self._lock:
            status = self._status
            recovered = status.state is SourceState.FAILING
            if recovered:
                self._works_since = self._monotonic()
                status = replace(status, state=SourceState.RUNNING, problem=None, problem_since=None)
            if facts is not None:
                status = replace(status, facts=facts, reported_at=self._clock())
            self._status = status
        if recovered:
            _logger.info("Source %s works again", self.source.name)
            self._changed()
