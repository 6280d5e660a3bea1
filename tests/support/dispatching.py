"""A dispatcher over listeners and an outbox in memory."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pulp_notifiers.dispatch import Dispatcher
from pulp_notifiers.errors import StoreUnavailable
from pulp_notifiers.event import Event
from pulp_notifiers.notifier import Notifier, NotifierConfig
from pulp_notifiers.records import Claim, Kept, LeaseOffer, Listener, Owed, OwedEvent, Written
from tests.support.memory import Clock, ListenerTable, NotifierTable

TASK = "c1c6f3e4-1f0a-4b5e-9f0e-3b3a4a4f9b11"


class MailConfig(NotifierConfig):
    """The targets of a listener."""

    addresses: tuple[str, ...]


class Mail(Notifier[MailConfig]):
    """A notifier with one target for each address; no test sends with it."""

    Config = MailConfig

    def targets(self, config: MailConfig) -> tuple[str, ...]:
        """Return the addresses."""
        return config.addresses

    def send(self, event: Event, config: MailConfig, target: str) -> None:
        """Send nothing."""


class WrittenEvents:
    """An outbox that checks revisions as the store does."""

    def __init__(self, listeners: ListenerTable) -> None:
        self._listeners = listeners
        self.written: list[tuple[Event, list[Owed]]] = []
        self.ended: list[str] = []
        self.kept_events: list[list[bool]] = []
        self.kept: Kept | None = None
        self.offer: LeaseOffer | None = None
        self.claims: Sequence[Claim] = ()

    def add_all(
        self,
        batch: Sequence[OwedEvent],
        listeners_revision: int,
        now: datetime,
        kept: Kept | None = None,
        offer: LeaseOffer | None = None,
    ) -> Written | None:
        """Keep the events if the revision is current."""
        if listeners_revision != self._listeners.revision:
            return None
        self.written.extend((each.event, list(each.owed)) for each in batch)
        self.ended.extend(listener_id for each in batch for listener_id in each.ended)
        self.kept_events.append([each.kept for each in batch])
        self.kept, self.offer = kept, offer
        return Written(sum(len(each.owed) for each in batch), self.claims)


class CountedTable(ListenerTable):
    """Listeners that count how often their revision is read, and that can be made unavailable."""

    reads = 0
    away = False

    def latest_revision(self) -> int:
        """Return the revision alone."""
        self.reads += 1
        if self.away:
            raise StoreUnavailable("away")
        return super().latest_revision()

    def all(self) -> tuple[int, list[Listener]]:
        """Return the revision and all listeners."""
        if self.away:
            raise StoreUnavailable("away")
        return super().all()


def mail(listener_id: str, addresses: Any, *event_types: str) -> Listener:
    """Return a listener with these targets."""
    return Listener("mail", {"addresses": addresses}, event_types, id=listener_id)


def on_task(listener_id: str, *event_types: str, task_id: str = TASK) -> Listener:
    """Return a listener on a single task."""
    return Listener("mail", {"addresses": ["a"]}, event_types, task_id, id=listener_id)


def task_event(event_type: str, task_id: str = TASK) -> Event:
    """Return an event of a task."""
    return Event(event_type, {}, {"task_id": task_id})


def dispatching(*listeners: Listener) -> tuple[Dispatcher, WrittenEvents, ListenerTable]:
    """Return a dispatcher, its outbox and its listeners."""
    table = ListenerTable(*listeners)
    outbox = WrittenEvents(table)
    return Dispatcher(table, outbox, NotifierTable(mail=Mail), clock=Clock()), outbox, table


def watched(*listeners: Listener) -> tuple[Dispatcher, CountedTable, list[float]]:
    """Return a dispatcher that checks its listeners every second, its listeners, and its monotonic time."""
    table, seconds = CountedTable(*listeners), [0.0]
    dispatcher = Dispatcher(
        table, WrittenEvents(table), NotifierTable(mail=Mail), monotonic=lambda: seconds[0], check_seconds=1.0
    )
    return dispatcher, table, seconds
