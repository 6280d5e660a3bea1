"""A source type and its sources, held under short leases, for tests of what sources write."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from pydantic import SecretStr

from pulp_notifiers.delivery import Deliveries
from pulp_notifiers.dispatch import Dispatcher, TaskEvents
from pulp_notifiers.errors import SourceUnavailable
from pulp_notifiers.event import Event
from pulp_notifiers.notifier import Notifier, NotifierConfig
from pulp_notifiers.plugin_host import LoadedSourceType
from pulp_notifiers.records import Listener, RegisteredSource
from pulp_notifiers.source import Check, Intake, Source, SourceConfig
from pulp_notifiers.sources import Engine
from pulp_notifiers.sources.intake import SourceIntake
from pulp_notifiers.store import Store
from pulp_notifiers.task import TaskReport
from tests.support.memory import START, Clock, NotifierTable

LEASE = timedelta(seconds=20)


class Options(SourceConfig):
    """The options of the source type."""

    url: str
    password: SecretStr | None = None


class Watching(Source[Options]):
    """A source whose check passes if its URL is one of HTTP."""

    Config = Options

    def check(self, config: Options) -> Sequence[Check]:
        """Check the URL; raise for one of them."""
        if config.url == "boom":
            raise KeyError("boom")
        return [Check("the server", config.url.startswith("http"), "answers")]

    def run(self, config: Options, intake: Intake) -> None:
        """Bring nothing in."""


class WatchingOnly:
    """The installed source types: ``watch`` is the only one."""

    def get(self, plugin_type: str, /) -> LoadedSourceType:
        """Return the source type."""
        if plugin_type != "watch":
            raise SourceUnavailable(plugin_type, f"No source {plugin_type!r} is installed.")
        return LoadedSourceType("watch", Watching)


class Unsent(Notifier[NotifierConfig]):
    """A notifier whose deliveries no test attempts."""

    def send(self, event: Event, config: NotifierConfig, target: str) -> None:
        """Send nothing."""


def a_source(number: int = 1) -> RegisteredSource:
    """Return one of several sources."""
    return RegisteredSource(f"source-{number}", "watch", {"url": "http://a"}, START, id=f"{number:024x}")


def claim_sources(store: Store, owner: str = "one", now: datetime = START) -> list[str]:
    """Lease the sources that nobody runs; return their names."""
    return [source.name for source in store.sources.claim(owner, now, now + LEASE)]


def dispatcher_of(store: Store, *kept_types: str) -> Dispatcher:
    """Return a dispatcher for listeners of the type ``mail``."""
    return Dispatcher(store.listeners, store.outbox, NotifierTable(mail=Unsent), clock=Clock(), kept_types=kept_types)


def intake_of(
    store: Store, owner: str = "one", published: list[TaskReport] | None = None, kept_types: Sequence[str] = ()
) -> SourceIntake:
    """Return the intake of the first source under an owner's lease."""
    dispatcher = dispatcher_of(store, *kept_types)
    engine = Engine(
        store.installation(),
        dispatcher,
        TaskEvents(dispatcher.wants, dispatcher.fire),
        store.sources.memory,
        [].append if published is None else published.append,
    )
    return SourceIntake(engine, a_source(), owner)


def listen(store: Store, *event_types: str, task_id: str | None = None) -> None:
    """Add a listener."""
    number = len(store.listeners.all()[1])
    store.listeners.add(Listener("mail", {}, event_types, task_id, id=f"{number:024x}"))


def owed(store: Store) -> list[str]:
    """Return the event types of all deliveries."""
    return sorted(delivery.event_type for delivery in Deliveries(store.history).list()[1])
