"""Who runs a source, what is told when it cannot work, and when it ends."""

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta

import pytest
from pydantic import SecretStr, field_validator

from pulp_notifiers.backoff import Backoff
from pulp_notifiers.dispatch import Dispatcher, TaskEvents
from pulp_notifiers.errors import LeaseLost, PermanentFailure, SourceUnavailable, StoreUnavailable, TemporaryFailure
from pulp_notifiers.event import Event, utc_now
from pulp_notifiers.notifier import Notifier, NotifierConfig
from pulp_notifiers.plugin_host import LoadedSourceType
from pulp_notifiers.records import Listener, RegisteredSource, SourceChange, SourceDraft, SourceState
from pulp_notifiers.source import Check, Intake, Source, SourceConfig
from pulp_notifiers.sources import Engine, RunOptions, SourceRunner, Sources
from pulp_notifiers.store import Store
from tests.support.children import told_by
from tests.support.memory import NotifierTable

PATIENCE_SECONDS = 60.0
QUICK = RunOptions(poll=timedelta(seconds=0.02), backoff=Backoff(0.001, 0.002), seldom_seconds=0.001)
NEVER = 3600.0


class Scripted(Source[SourceConfig]):
    """Does at each run what a test wants next; after the last it works until it is stopped."""

    Config = SourceConfig

    def __init__(self, *script: object) -> None:
        self.script = list(script)
        self.runs = 0
        self.working = threading.Semaphore(0)
        self.intake: Intake | None = None

    def check(self, config: SourceConfig) -> Sequence[Check]:
        return ()

    def run(self, config: SourceConfig, intake: Intake) -> None:
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
        assert self.working.acquire(timeout=PATIENCE_SECONDS)
        assert self.intake is not None
        return self.intake


class Unread(Notifier[NotifierConfig]):
    """Is owed what is never sent."""

    def send(self, event: Event, config: NotifierConfig, target: str) -> None: ...


class Types:
    """The source types that a test installs."""

    def __init__(self, **plugins: object) -> None:
        self.plugins = plugins

    def get(self, plugin_type: str) -> LoadedSourceType:
        if plugin_type not in self.plugins:
            raise SourceUnavailable(plugin_type, f"No source {plugin_type!r} is installed.")
        return LoadedSourceType(plugin_type, self.plugins[plugin_type])


def runner_of(store: Store, types: Types, options: RunOptions = QUICK, leases=None) -> SourceRunner:
    def engine() -> Engine:
        dispatcher = Dispatcher(store.listeners, store.outbox, NotifierTable(mail=Unread))
        task_events = TaskEvents(dispatcher.wants, dispatcher.fire)
        return Engine(store.installation(), dispatcher, task_events, store.sources.memory, lambda _report: None)

    return SourceRunner(leases or store.sources, types, engine, options)


@contextmanager
def running(store: Store, types: Types, options: RunOptions = QUICK, leases=None) -> Iterator[SourceRunner]:
    runner = runner_of(store, types, options, leases)
    runner.start()
    try:
        yield runner
    finally:
        runner.stop(PATIENCE_SECONDS)


@pytest.fixture
def types() -> Types:
    return Types(scripted=Scripted())


@pytest.fixture
def sources(store: Store, types: Types) -> Sources:
    return Sources(store.sources, types)


@pytest.fixture(autouse=True)
def _log(caplog):
    caplog.set_level(logging.INFO)


def wait_until(reached: Callable[[], bool]) -> None:
    waiting = threading.Event()
    for _ in range(int(PATIENCE_SECONDS * 100)):
        if reached():
            return
        waiting.wait(0.01)
    raise AssertionError("time is up")


def told(caplog, level: int) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno == level]


def test_a_source_is_run_when_it_is_added_and_ends_when_it_is_removed(store, sources, types, caplog):
    """Without a restart."""
    scripted = types.plugins["scripted"]
    with running(store, types) as runner:
        sources.add(SourceDraft("one", "scripted", {}))
        intake = scripted.wait_until_working()
        wait_until(lambda: sources.status("one").facts == {"runs": 1})
        status = sources.status("one")
        sources.remove("one")
        assert intake.stopping.wait(PATIENCE_SECONDS)

    assert (SourceState.RUNNING, runner.owner) == (status.state, status.holder)
    wait_until(lambda: "Source one was removed, and is not run any more" in told(caplog, logging.INFO))
    assert [] == told(caplog, logging.ERROR)


def test_a_source_that_is_changed_is_begun_anew_and_remembers(store, sources, types, caplog):
    """With its new options, once the old run has ended."""
    colours = []

    class Coloured(Scripted):
        class Config(SourceConfig):
            colour: str = "red"

        def run(self, config: Config, intake: Intake) -> None:
            colours.append(config.colour)
            super().run(config, intake)

    scripted = types.plugins["scripted"] = Coloured()
    sources.add(SourceDraft("one", "scripted", {}))
    with running(store, types):
        old = scripted.wait_until_working()
        old.take(remember={"seen": 1})
        sources.update("one", SourceChange({"colour": "blue"}))
        new = scripted.wait_until_working()

        assert old.stopping.is_set()
        assert {"seen": 1} == new.remembered()
    assert ["red", "blue"] == colours
    assert 1 == told(caplog, logging.INFO).count("Source one was changed, and is begun anew")


def test_stopping_lets_another_process_go_on_at_once(store, sources, types, open_store):
    """However long the lease."""
    long = RunOptions(lease=timedelta(seconds=NEVER), poll=timedelta(seconds=0.02))
    sources.add(SourceDraft("one", "scripted", {}))
    first = runner_of(store, types, long)
    first.start()
    types.plugins["scripted"].wait_until_working()
    with running(open_store(), types, long) as second:
        assert first.running
        assert first.stop(PATIENCE_SECONDS)
        types.plugins["scripted"].wait_until_working()

        assert second.owner == sources.status("one").holder
        assert not first.running
    assert SourceState.WAITING == sources.status("one").state


def test_an_outage_is_told_once_and_so_is_its_end(store, sources, types, caplog):
    """However often it is tried in between, and for whatever reasons."""
    script = (TemporaryFailure("No answer."), StoreUnavailable("away"), PermanentFailure("No permission."))
    types.plugins["scripted"] = Scripted(*script, KeyError("boom"), SystemExit(3))
    sources.add(SourceDraft("one", "scripted", {}))

    with running(store, types):
        types.plugins["scripted"].wait_until_working()
        wait_until(lambda: sources.status("one").state is SourceState.RUNNING)

    assert ["Source one brings nothing in until this is mended: No answer."] == told(caplog, logging.ERROR)
    assert 1 == told(caplog, logging.INFO).count("Source one works again")


@pytest.mark.parametrize(
    ("step", "reason"),
    [
        (TemporaryFailure("No answer.", retry_after=NEVER), "No answer."),
        (TemporaryFailure("Two\nlines\x00", retry_after=NEVER), "Two lines "),
        (PermanentFailure("No permission."), "No permission."),
        (KeyError("boom"), "KeyError: 'boom'"),
        (SystemExit(3), "SystemExit: 3"),
        (lambda _intake: None, "It ended although nobody asked it to."),
    ],
)
def test_the_status_tells_why_a_source_brings_nothing_in(store, sources, types, caplog, step, reason):
    """And since when; a failure that nobody foresaw has a traceback in the log."""
    types.plugins["scripted"] = Scripted(step)
    sources.add(SourceDraft("one", "scripted", {}))

    slow = RunOptions(poll=timedelta(seconds=0.02), backoff=Backoff(NEVER, NEVER), seldom_seconds=NEVER)
    with running(store, types, slow):
        wait_until(lambda: sources.status("one").state is SourceState.FAILING)
        status = sources.status("one")

    assert reason == status.problem
    assert status.problem_since is not None
    (error,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert isinstance(step, KeyError | SystemExit) == ("in run" in error.getMessage())
    assert 1 == types.plugins["scripted"].runs


def test_a_plugin_that_is_missing_is_looked_for_again(store, sources, types):
    """Nothing is restarted when it is installed."""
    sources.add(SourceDraft("one", "scripted", {}))
    scripted = types.plugins.pop("scripted")

    with running(store, types):
        wait_until(lambda: sources.status("one").problem == "No source 'scripted' is installed.")
        types.plugins["scripted"] = scripted
        scripted.wait_until_working()


def test_a_source_whose_lease_another_process_took_writes_nothing_more(store, sources, types, caplog, open_store):
    """What its take raises ends it, without noise."""
    store.listeners.add(Listener("mail", {}, ("a",), id="1" * 24))
    failures: list[Exception] = []

    def take_when_lost(intake: Intake) -> None:
        intake.take([Event("a", {})], remember={"n": 1})
        other = open_store()
        now = sources.list()[0].created_at + timedelta(minutes=10)
        # Again and again, because a row that is just being renewed is passed over.
        wait_until(lambda: bool(other.sources.claim("another", now, now + timedelta(minutes=10))))
        try:
            intake.take([Event("a", {})], remember={"n": 2})
        except LeaseLost as lost:
            failures.append(lost)
            raise

    types.plugins["scripted"] = Scripted(take_when_lost)
    source = sources.add(SourceDraft("one", "scripted", {}))
    with running(store, types):
        wait_until(lambda: "Another process runs source one now" in told(caplog, logging.INFO))

    assert 1 == len(failures)
    assert {"n": 1} == store.sources.memory(source.id)
    assert 1 == len(store.history.deliveries()[1])
    assert "another" == sources.status("one").holder
    assert [] == told(caplog, logging.ERROR)


class Flaky:
    """Leases in a database that can be away."""

    def __init__(self, store: Store) -> None:
        self._rows = store.sources
        self.away = False

    def __getattr__(self, name: str):
        if self.away:
            raise StoreUnavailable("away")
        return getattr(self._rows, name)


def test_a_source_stops_when_its_lease_cannot_be_renewed_and_goes_on_when_it_can(store, sources, types, caplog):
    """Another process may run it by then."""
    leases = Flaky(store)
    sources.add(SourceDraft("one", "scripted", {}))
    options = RunOptions(lease=timedelta(seconds=1), poll=timedelta(seconds=0.02))

    with running(store, types, options, leases):
        intake = types.plugins["scripted"].wait_until_working()
        leases.away = True
        assert intake.stopping.wait(PATIENCE_SECONDS)
        leases.away = False
        types.plugins["scripted"].wait_until_working()

    errors = told(caplog, logging.ERROR)
    assert 1 == errors.count("Sources are waiting for the database: away")
    assert "The lease of source one could not be renewed in time, so it stops here" in errors
    assert "The database answers again; sources continue" in told(caplog, logging.INFO)


def test_a_source_that_does_not_end_is_not_waited_for_and_keeps_its_lease(store, sources, types, caplog):
    """The log names it."""
    released = threading.Event()
    reached = threading.Event()

    def deaf(_intake: Intake) -> None:
        reached.set()
        released.wait(PATIENCE_SECONDS)

    types.plugins["scripted"] = Scripted(deaf)
    sources.add(SourceDraft("one", "scripted", {}))
    runner = runner_of(store, types)
    runner.start()
    assert reached.wait(PATIENCE_SECONDS)

    assert not runner.stop(timeout_seconds=0.1)
    released.set()

    assert ["Source one does not end when asked to, and is left to its lease"] == told(caplog, logging.WARNING)
    assert runner.owner == sources.status("one").holder


def test_a_source_that_hangs_is_not_run_a_second_time_beside_itself(store, sources, types):
    """Although its lease is free again."""
    released = threading.Event()
    reached = threading.Event()

    def deaf(_intake: Intake) -> None:
        reached.set()
        released.wait(PATIENCE_SECONDS)

    leases = Flaky(store)
    types.plugins["scripted"] = Scripted(deaf)
    sources.add(SourceDraft("one", "scripted", {}))
    options = RunOptions(lease=timedelta(seconds=0.5), poll=timedelta(seconds=0.02))
    with running(store, types, options, leases):
        assert reached.wait(PATIENCE_SECONDS)
        leases.away = True
        wait_until(lambda: sources.status("one").state is SourceState.WAITING)
        leases.away = False
        threading.Event().wait(0.2)
        assert 1 == types.plugins["scripted"].runs
        released.set()
        types.plugins["scripted"].wait_until_working()


def test_a_runner_may_be_told_which_sources_to_run(store, sources, types):
    """The others are left to other processes."""
    for name in ("one", "two", "three"):
        sources.add(SourceDraft(name, "scripted", {}))
    runner = runner_of(store, types)

    runner.start({"one", "three"})
    try:
        wait_until(lambda: [SourceState.RUNNING] * 2 == [sources.status(name).state for name in ("one", "three")])
        runner.wake()
        types.plugins["scripted"].wait_until_working()
    finally:
        runner.stop(PATIENCE_SECONDS)

    assert ["two"] == [source.name for source in _claimed_by_another(store, {"two", "four"})]


def _claimed_by_another(store: Store, names: set[str]) -> Sequence[RegisteredSource]:
    now = utc_now()
    return store.sources.claim("another", now, now + timedelta(minutes=1), names=names)


def test_a_runner_is_started_once_and_need_not_be(store, types):
    """Stopping one that never ran is harmless."""
    runner = runner_of(store, types)
    runner.wake()
    assert runner.stop()

    runner.start()
    with pytest.raises(RuntimeError, match="once"):
        runner.start()

    assert runner.stop(PATIENCE_SECONDS)
    assert runner.stop()


FORKING = """
import json, os, sys
from pulp_notifiers.app import App
from pulp_notifiers.settings import Settings

app = App.from_settings(Settings({"notifiers": {"state_directory": sys.argv[1]}}))
received, told = os.pipe()
for _ in range(2):
    if os.fork() == 0:
        app.source_runner.start()
        os.write(told, f"{app.source_runner.owner} {os.getpid()}\\n".encode())
        app.source_runner.stop()
        os._exit(0)
for _ in range(2):
    os.wait()
print(json.dumps([line.split() for line in os.read(received, 1000).decode().splitlines()]))
app.close()
"""


def test_processes_that_were_forked_hold_leases_of_their_own(tmp_path):
    """Or two of them might take the other's for theirs."""
    owners = told_by(FORKING, str(tmp_path))

    assert [pid for _, pid in owners] == [owner.split(":")[1] for owner, _ in owners]
    assert 2 == len({owner for owner, _ in owners})


def test_secrets_stay_out_of_reasons(store, sources, types, caplog):
    """As with notifiers."""

    class Secretive(SourceConfig):
        password: SecretStr

    class Telling(Scripted):
        Config = Secretive

    types.plugins["scripted"] = Telling(PermanentFailure("hush-hush was refused"))
    sources.add(SourceDraft("one", "scripted", {"password": "hush-hush"}))
    slow = RunOptions(poll=timedelta(seconds=0.02), seldom_seconds=NEVER)
    with running(store, types, slow):
        wait_until(lambda: sources.status("one").problem == "***** was refused")

    assert "hush" not in caplog.text


def test_secrets_stay_out_of_tracebacks_and_endless_words_out_of_reasons(store, sources, types, caplog):
    """A library may raise anything, such as the whole page that a server sent."""

    class Secretive(SourceConfig):
        password: SecretStr

    class Telling(Scripted):
        Config = Secretive

    types.plugins["scripted"] = Telling(KeyError("hush-hush" + "x" * 10_000))
    sources.add(SourceDraft("one", "scripted", {"password": "hush-hush"}))
    slow = RunOptions(poll=timedelta(seconds=0.02), backoff=Backoff(NEVER, NEVER))
    with running(store, types, slow):
        wait_until(lambda: sources.status("one").state is SourceState.FAILING)
        problem = sources.status("one").problem

    assert f"KeyError: '*****{'x' * 1984}" == problem
    assert "in run" in caplog.text
    assert "hush" not in caplog.text


def test_secrets_stay_out_of_what_a_validator_says(store, sources, types):
    """Also when it fails in a way that nobody foresaw, and of a config that is stored."""

    class Secretive(SourceConfig):
        password: SecretStr

    class Fussy(Secretive):
        @field_validator("password")
        @classmethod
        def _checked(cls, value: SecretStr) -> SecretStr:
            raise KeyError(value.get_secret_value())

    class Stored(Scripted):
        Config = Secretive

    class Changed(Scripted):
        Config = Fussy

    types.plugins["scripted"] = Stored()
    sources.add(SourceDraft("one", "scripted", {"password": "hush-hush"}))
    types.plugins["scripted"] = Changed()

    with pytest.raises(SourceUnavailable, match=r"KeyError: '\*\*\*\*\*'"):
        sources.check("one")


def test_secrets_stay_out_of_findings(sources, types):
    """Which a test shows to people."""

    class Secretive(SourceConfig):
        password: SecretStr

    class Telling(Scripted):
        Config = Secretive

        def check(self, config: SourceConfig) -> Sequence[Check]:
            return [Check("login", False, "hush-hush was refused")]

    types.plugins["scripted"] = Telling()

    assert [Check("login", False, "***** was refused")] == sources.check_config("scripted", {"password": "hush-hush"})
