"""Source runners for tests, with a source that does what a script says."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from pulp_notifiers.backoff import Backoff
from pulp_notifiers.dispatch import Dispatcher, TaskEvents
from pulp_notifiers.errors import SourceUnavailable, StoreUnavailable
from pulp_notifiers.plugin_host import LoadedSourceType
from pulp_notifiers.source import Check, Intake, Source, SourceConfig
from pulp_notifiers.sources import Engine, RunOptions, SourceRunner
from pulp_notifiers.store import Store
from tests.support.memory import NotifierTable
from tests.support.watch_source import Unsent

PATIENCE_SECONDS = 60.0
NEVER = 3600.0
POLL = timedelta(seconds=0.02)
QUICK = RunOptions(poll=POLL, backoff=Backoff(0.001, 0.002), permanent_failure_seconds=0.001)
NO_RETRY = RunOptions(poll=POLL, backoff=Backoff(NEVER, NEVER), permanent_failure_seconds=NEVER)


class Scripted(Source[SourceConfig]):
    """Follows one step of its script in each run; after the last step it works until it is stopped."""

    Config = SourceConfig

    def __init__(self, *script: object) -> None:
        self.script = list(script)
        self.runs = 0
        self.working = threading.Semaphore(0)
        self.intake: Intake | None = None

    def check(self, config: SourceConfig) -> Sequence[Check]:
        """Require nothing."""
        return ()

    def run(self, config: SourceConfig, intake: Intake) -> None:
        """Raise or call the next step of the script."""
        self.runs += 1
        step = self.script.pop(0) if self.script else None
        if isinstance(step, BaseException):
            raise step
        if callable(step):
            step(intake)
            return
        self.intake = intake
        intake.update_status(runs=self.runs)
        self.working.release()
        intake.stopping.wait()

    def wait_until_working(self) -> Intake:
        """Return the intake of the next run that works."""
        assert self.working.acquire(timeout=PATIENCE_SECONDS)
        assert self.intake is not None
        return self.intake


class Deaf:
    """A step of a script that ignores every request to stop until it is released."""

    def __init__(self) -> None:
        self.reached = threading.Event()
        self.released = threading.Event()

    def __call__(self, intake: Intake) -> None:
        """Wait for the release."""
        self.reached.set()
        self.released.wait(PATIENCE_SECONDS)


class InstalledTypes:
    """The source types that a test installs."""

    def __init__(self, **plugins: Any) -> None:
        self.plugins = plugins

    def get(self, plugin_type: str, /) -> LoadedSourceType:
        """Return a source type."""
        if plugin_type not in self.plugins:
            raise SourceUnavailable(plugin_type, f"No source type {plugin_type!r} is installed.")
        return LoadedSourceType(plugin_type, self.plugins[plugin_type])


class Flaky:
    """Leases in a database that can be made unavailable."""

    def __init__(self, store: Store) -> None:
        self._rows = store.sources
        self.away = False

    def __getattr__(self, name: str) -> Any:
        """Return a method of the rows."""
        if self.away:
            raise StoreUnavailable("away")
        return getattr(self._rows, name)


def runner_of(store: Store, types: InstalledTypes, options: RunOptions = QUICK, leases: Any = None) -> SourceRunner:
    """Return a runner, as another process would have it."""

    def engine() -> Engine:
        dispatcher = Dispatcher(store.listeners, store.outbox, NotifierTable(mail=Unsent))
        task_events = TaskEvents(dispatcher.wants, dispatcher.fire)
        return Engine(store.installation(), dispatcher, task_events, store.sources.memory, lambda _report: None)

    return SourceRunner(leases or store.sources, types, engine, options)


@contextmanager
def running(
    store: Store, types: InstalledTypes, options: RunOptions = QUICK, leases: Any = None
) -> Iterator[SourceRunner]:
    """Run sources while the block runs."""
    runner = runner_of(store, types, options, leases)
    runner.start()
    try:
        yield runner
    finally:
        runner.stop(PATIENCE_SECONDS)


def wait_until(reached: Callable[[], bool]) -> None:
    """Return once a condition is true."""
    waiting = threading.Event()
    for _ in range(int(PATIENCE_SECONDS * 100)):
        if reached():
            return
        waiting.wait(0.01)
    raise AssertionError("time is up")


def logged(caplog: Any, level: int) -> list[str]:
    """Return the messages of one level."""
    return [record.getMessage() for record in caplog.records if record.levelno == level]
