"""Who is owed an event."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pytest

from pulp_notifiers.dispatcher import Dispatcher
from pulp_notifiers.errors import NotifierUnavailable, StoreUnavailable
from pulp_notifiers.event import Event
from pulp_notifiers.notifier import Notifier, NotifierConfig
from pulp_notifiers.records import Listener, Owed
from tests.support.memory import Clock, ListenerTable, NotifierTable


class Config(NotifierConfig):
    addresses: tuple[str, ...]


class Mail(Notifier[Config]):
    Config = Config

    def targets(self, config: Config) -> tuple[str, ...]:
        return config.addresses

    def send(self, event: Event, config: Config, target: str) -> None: ...


class WrittenEvents:
    """An outbox that checks revisions as the store does."""

    def __init__(self, listeners: ListenerTable) -> None:
        self._listeners = listeners
        self.written: list[tuple[Event, list[Owed]]] = []

    def add(self, event: Event, owed: Sequence[Owed], listeners_revision: int, now: datetime) -> int | None:
        if listeners_revision != self._listeners.revision:
            return None
        self.written.append((event, list(owed)))
        return len(owed)


def mail(listener_id: str, addresses: Any, *event_types: str) -> Listener:
    return Listener(listener_id, "mail", {"addresses": addresses}, event_types)


def scene(*listeners: Listener) -> tuple[Dispatcher, WrittenEvents, ListenerTable]:
    table = ListenerTable(*listeners)
    outbox = WrittenEvents(table)
    return Dispatcher(table, outbox, NotifierTable(mail=Mail), clock=Clock()), outbox, table


def test_each_target_of_each_matching_listener_is_owed_the_event():
    """One delivery each, whatever else the listener matches."""
    dispatcher, outbox, _ = scene(
        mail("one", ["a", "b"], "repo.sync.start", "*", "repo.sync.start"), mail("two", ["c"], "repo.sync.finish")
    )

    assert 2 == dispatcher.fire(Event("repo.sync.start", {}))
    assert [Owed("one", "mail", "a"), Owed("one", "mail", "b")] == outbox.written[0][1]


def test_a_listener_registered_elsewhere_a_moment_ago_is_not_missed():
    """The revision tells."""
    dispatcher, _, table = scene()
    assert 0 == dispatcher.fire(Event("repo.sync.start", {}))

    table.add(mail("new", ["a"], "*"))

    assert 1 == dispatcher.fire(Event("repo.sync.start", {}))


def test_a_listener_with_a_wrong_config_is_owed_one_delivery():
    """Whose attempt will say what is wrong."""
    dispatcher, outbox, _ = scene(mail("bad", 5, "*"), mail("good", ["a"], "*"))

    assert 2 == dispatcher.fire(Event("repo.sync.start", {}))
    assert [Owed("bad", "mail", ""), Owed("good", "mail", "a")] == outbox.written[0][1]


def test_targets_of_a_plugin_that_comes_back_are_found_again():
    """No revision tells that it was installed, so it is looked for every few seconds."""

    class Shelf(NotifierTable):
        missing = True

        def get(self, notifier_type: str) -> Any:
            if self.missing:
                raise NotifierUnavailable(notifier_type, "gone")
            return super().get(notifier_type)

    table = ListenerTable(mail("one", ["a", "b"], "*"))
    outbox, shelf = WrittenEvents(table), Shelf(mail=Mail)
    seconds = [0.0]
    dispatcher = Dispatcher(table, outbox, shelf, clock=Clock(), monotonic=lambda: seconds[0])

    assert 1 == dispatcher.fire(Event("repo.sync.start", {}))
    shelf.missing = False
    assert 1 == dispatcher.fire(Event("repo.sync.start", {}))
    seconds[0] = 5.0
    assert 2 == dispatcher.fire(Event("repo.sync.start", {}))


def test_the_worker_is_woken_only_when_something_is_owed():
    """Events that nobody listens to are the common case."""
    woken: list[int] = []
    table = ListenerTable(mail("one", ["a"], "repo.sync.start"))
    dispatcher = Dispatcher(table, WrittenEvents(table), NotifierTable(mail=Mail), wake=lambda: woken.append(1))

    dispatcher.fire(Event("repo.sync.finish", {}))
    assert [] == woken
    dispatcher.fire(Event("repo.sync.start", {}))
    assert [1] == woken


def test_a_store_that_refuses_is_told_to_the_caller():
    """The promise is not on disk, so nobody may believe that it is."""

    class Full:
        def add(self, *_: Any) -> int | None:
            raise StoreUnavailable("disk full")

    dispatcher = Dispatcher(ListenerTable(), Full(), NotifierTable())

    with pytest.raises(StoreUnavailable):
        dispatcher.fire(Event("repo.sync.start", {}))
