"""Who is owed an event."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pytest

from pulp_notifiers.dispatch import Dispatcher
from pulp_notifiers.errors import NotifierUnavailable, StoreUnavailable
from pulp_notifiers.event import Event
from pulp_notifiers.notifier import Notifier, NotifierConfig
from pulp_notifiers.records import Kept, Listener, Owed, OwedEvent
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
        self.ended: list[str] = []
        self.kept: Kept | None = None

    def add_all(
        self, batch: Sequence[OwedEvent], listeners_revision: int, now: datetime, kept: Kept | None = None
    ) -> int | None:
        if listeners_revision != self._listeners.revision:
            return None
        self.written.extend((each.event, list(each.owed)) for each in batch)
        self.ended.extend(listener_id for each in batch for listener_id in each.ended)
        self.kept = kept
        return sum(len(each.owed) for each in batch)


def mail(listener_id: str, addresses: Any, *event_types: str) -> Listener:
    return Listener("mail", {"addresses": addresses}, event_types, id=listener_id)


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
        def add_all(self, *_: Any, **__: Any) -> int | None:
            raise StoreUnavailable("disk full")

    dispatcher = Dispatcher(ListenerTable(), Full(), NotifierTable())

    with pytest.raises(StoreUnavailable):
        dispatcher.fire(Event("repo.sync.start", {}))


TASK = "c1c6f3e4-1f0a-4b5e-9f0e-3b3a4a4f9b11"


def on_task(listener_id: str, *event_types: str, task_id: str = TASK) -> Listener:
    return Listener("mail", {"addresses": ["a"]}, event_types, task_id, id=listener_id)


def task_event(event_type: str, task_id: str = TASK) -> Event:
    return Event(event_type, {}, {"task_id": task_id})


def test_a_listener_on_a_task_gets_events_of_that_task_alone():
    """Among the types that it names."""
    dispatcher, _, _ = scene(on_task("one", "task.*"), mail("all", ["b"], "task.error"))

    assert 1 == dispatcher.fire(task_event("task.running"))
    assert 0 == dispatcher.fire(task_event("task.running", "another"))
    assert 0 == dispatcher.fire(Event("task.running", {}))
    assert 2 == dispatcher.fire(task_event("task.error"))


@pytest.mark.parametrize("state", ["finished", "error", "canceled", "skipped"])
def test_a_listener_on_a_task_ends_with_it_whether_it_wants_the_event_or_not(state):
    """And no other does."""
    dispatcher, outbox, _ = scene(
        on_task("one", "task.error"),
        on_task("two", "task.*"),
        on_task("other", "#", task_id="x"),
        mail("all", ["b"], "#"),
    )

    dispatcher.fire(task_event("task.running"))
    assert [] == outbox.ended
    dispatcher.fire(task_event(f"task.{state}"))

    assert ["one", "two"] == outbox.ended


class CountedTable(ListenerTable):
    """Listeners that count how often they are looked at."""

    looks = 0
    away = False

    def latest_revision(self) -> int:
        self.looks += 1
        if self.away:
            raise StoreUnavailable("away")
        return super().latest_revision()

    def all(self) -> tuple[int, list[Listener]]:
        if self.away:
            raise StoreUnavailable("away")
        return super().all()


def watched(*listeners: Listener) -> tuple[Dispatcher, CountedTable, list[float]]:
    table, seconds = CountedTable(*listeners), [0.0]
    dispatcher = Dispatcher(
        table, WrittenEvents(table), NotifierTable(mail=Mail), monotonic=lambda: seconds[0], check_seconds=1.0
    )
    return dispatcher, table, seconds


def test_whether_an_event_is_wanted_is_answered_from_memory():
    """The database is looked at once in a while, however many ask."""
    dispatcher, table, seconds = watched(mail("one", ["a"], "task.error", "repo.#"))

    answers = [dispatcher.wants(f"task.{state}", TASK) for state in ("error", "running") for _ in range(100)]
    seconds[0] = 1.0
    dispatcher.wants("task.error", TASK)
    dispatcher.wants("task.error", TASK)

    assert [True] * 100 + [False] * 100 == answers
    assert 1 == table.looks


def test_a_listener_registered_elsewhere_is_known_after_the_check_time_and_here_at_once():
    """In this process somebody tells."""
    dispatcher, table, seconds = watched()
    assert not dispatcher.wants("task.error", TASK)

    table.add(mail("new", ["a"], "task.*"))
    assert not dispatcher.wants("task.error", TASK)
    seconds[0] = 1.0
    assert dispatcher.wants("task.error", TASK)

    table.add(on_task("one", "task.finished", task_id="x"))
    dispatcher.look_again()
    assert dispatcher.wants("task.suspended", "x")


def test_a_bare_asterisk_and_a_listener_on_another_task_want_no_task_events():
    """Pulp 2's clients are not flooded."""
    dispatcher, _, _ = watched(mail("old", ["a"], "*"), on_task("other", "task.*", task_id="x"))

    assert not dispatcher.wants("task.finished", TASK)
    assert dispatcher.wants("repo.sync.start", None)


@pytest.mark.parametrize("known", [True, False])
def test_while_the_database_is_away_the_last_answer_counts(known, caplog):
    """It is tried again some seconds later, and told once."""
    dispatcher, table, seconds = watched(mail("one", ["a"], "task.error"))
    if known:
        dispatcher.wants("task.error", TASK)
    table.away = True
    seconds[0] = 1.0

    assert [known] * 3 == [dispatcher.wants("task.error", TASK) for _ in range(3)]
    seconds[0] = 6.5
    assert known == dispatcher.wants("task.error", TASK)
    told = [record.message for record in caplog.records if record.levelname == "WARNING"]
    assert ["Listeners could not be read, using those known so far: away"] == told

    table.away = False
    seconds[0] = 12.0
    assert dispatcher.wants("task.error", TASK)
    assert 1 == dispatcher.fire(task_event("task.error"))


def test_who_once_learned_who_listens_does_not_forget_it_when_the_database_goes_away():
    """So that a source, which begins with that, passes over nothing for want of an answer."""
    dispatcher, table, _ = watched(mail("one", ["a"], "task.error"))

    dispatcher.learn()
    table.away = True

    assert dispatcher.wants("task.error", TASK)
    with pytest.raises(StoreUnavailable):
        dispatcher.learn()


def asking(listener_id: str, *include: str, event_types: Sequence[str], task_id: str | None = None) -> Listener:
    return Listener("mail", {"addresses": ["a"]}, tuple(event_types), task_id, include=include, id=listener_id)


def test_what_is_to_be_included_is_what_any_listener_of_the_type_asks_for():
    """By patterns and on single tasks too; the others ask for nothing."""
    dispatcher, _, _ = watched(
        mail("plain", ["a"], "#"),
        asking("one", "content", event_types=["repo.*.finish"]),
        asking("two", "content", "advisories", event_types=["repo.sync.finish"]),
        asking("three", "log", event_types=["#"], task_id=TASK),
        Listener("mail", {"addresses": 5}, ("task.error",), include=("content",), id="four"),
    )

    assert {"content", "advisories", "log"} == dispatcher.included("repo.sync.finish")
    assert {"content", "log"} == dispatcher.included("repo.publish.finish")
    assert {"content", "log"} == dispatcher.included("task.error")
    assert {"log"} == dispatcher.included("repo.sync.start")


def test_what_is_to_be_included_is_answered_from_memory_and_known_again_after_the_check_time():
    """As whether an event is wanted is."""
    dispatcher, table, seconds = watched(mail("plain", ["a"], "*"))
    assert [frozenset()] * 100 == [dispatcher.included("repo.sync.finish") for _ in range(100)]
    assert 0 == table.looks

    table.add(asking("one", "content", event_types=["*"]))
    assert frozenset() == dispatcher.included("repo.sync.finish")
    seconds[0] = 1.0
    assert {"content"} == dispatcher.included("repo.sync.finish")

    table.away = True
    seconds[0] = 2.0
    assert {"content"} == dispatcher.included("repo.sync.finish")
