"""Firing events: which listeners' targets are owed a delivery."""

from typing import Any

import pytest

from pulp_notifiers.dispatch import Dispatcher
from pulp_notifiers.errors import EventIdTaken, NotifierUnavailable, StoreUnavailable
from pulp_notifiers.event import Event
from pulp_notifiers.records import Claim, LeaseOffer, Owed, OwedDelivery, Written
from tests.support.dispatching import Mail, WrittenEvents, dispatching, mail, on_task, task_event
from tests.support.memory import START, Clock, ListenerTable, NotifierTable


def test_each_target_of_each_matching_listener_is_owed_the_event():
    """A target gets one delivery, even if several patterns of its listener match."""
    dispatcher, outbox, _ = dispatching(
        mail("one", ["a", "b"], "repo.sync.start", "*", "repo.sync.start"), mail("two", ["c"], "repo.sync.finish")
    )

    assert 2 == dispatcher.fire(Event("repo.sync.start", {}))
    assert [Owed("one", "mail", "a"), Owed("one", "mail", "b")] == outbox.written[0][1]


def test_a_listener_that_another_process_just_registered_is_not_missed():
    """The dispatcher notices that its revision is old."""
    dispatcher, _, table = dispatching()
    assert 0 == dispatcher.fire(Event("repo.sync.start", {}))

    table.add(mail("new", ["a"], "*"))

    assert 1 == dispatcher.fire(Event("repo.sync.start", {}))


def test_a_listener_with_a_wrong_config_is_owed_one_delivery():
    """The attempt will report what is wrong."""
    dispatcher, outbox, _ = dispatching(mail("bad", 5, "*"), mail("good", ["a"], "*"))

    assert 2 == dispatcher.fire(Event("repo.sync.start", {}))
    assert [Owed("bad", "mail", ""), Owed("good", "mail", "a")] == outbox.written[0][1]


def test_targets_are_found_again_when_a_missing_plugin_is_installed():
    """Installing it changes no revision, so it is looked up every few seconds."""

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


class WorkerOfThisProcess:
    """Offers one lease, and keeps what it gets."""

    def __init__(self) -> None:
        self.offered = LeaseOffer("owner", START, 0.0, lambda listener_id: 1)
        self.got: list[Claim] = []
        self.woken = 0

    def offer_lease(self) -> LeaseOffer:
        return self.offered

    def take_over(self, offer: LeaseOffer, written: Written) -> None:
        assert offer is self.offered
        self.got.extend(written.claims)

    def wake(self) -> None:
        self.woken += 1


def test_the_worker_is_woken_only_if_a_delivery_was_written():
    """Events that no listener matches are the common case."""
    worker = WorkerOfThisProcess()
    table = ListenerTable(mail("one", ["a"], "repo.sync.start"))
    dispatcher = Dispatcher(table, WrittenEvents(table), NotifierTable(mail=Mail), worker)

    dispatcher.fire(Event("repo.sync.finish", {}))
    assert 0 == worker.woken
    dispatcher.fire(Event("repo.sync.start", {}))
    assert 1 == worker.woken


def test_the_worker_gets_the_lanes_that_were_leased_to_it_and_is_woken_for_the_others():
    """What it has already needs no claim."""
    worker = WorkerOfThisProcess()
    table = ListenerTable(mail("one", ["a", "b"], "repo.sync.start"))
    written = WrittenEvents(table)
    dispatcher = Dispatcher(table, written, NotifierTable(mail=Mail), worker)
    claims = [Claim(lane, "owner", "one", (OwedDelivery(lane, Event("a", {}), "a", 0),)) for lane in (1, 2)]

    written.claims = claims
    assert 2 == dispatcher.fire(Event("repo.sync.start", {}))
    assert (claims, 0) == (worker.got, worker.woken)
    assert written.offer is worker.offered

    written.claims = claims[:1]
    assert 2 == dispatcher.fire(Event("repo.sync.start", {}))
    assert 1 == worker.woken


def test_firing_fails_if_the_store_refuses_the_event():
    """The caller has to know that the event is not on disk."""

    class Full:
        def add_all(self, *_: Any, **__: Any) -> int | None:
            raise StoreUnavailable("disk full")

    dispatcher = Dispatcher(ListenerTable(), Full(), NotifierTable())

    with pytest.raises(StoreUnavailable):
        dispatcher.fire(Event("repo.sync.start", {}))


def test_a_listener_on_a_task_gets_only_events_of_that_task():
    """Their types have to match as well."""
    dispatcher, _, _ = dispatching(on_task("one", "task.*"), mail("all", ["b"], "task.error"))

    assert 1 == dispatcher.fire(task_event("task.running"))
    assert 0 == dispatcher.fire(task_event("task.running", "another"))
    assert 0 == dispatcher.fire(Event("task.running", {}))
    assert 2 == dispatcher.fire(task_event("task.error"))


@pytest.mark.parametrize("state", ["finished", "error", "canceled", "skipped"])
def test_a_listener_on_a_task_ends_with_it_whether_or_not_it_matches_the_last_event(state):
    """No other listener ends."""
    dispatcher, outbox, _ = dispatching(
        on_task("one", "task.error"),
        on_task("two", "task.*"),
        on_task("other", "#", task_id="x"),
        mail("all", ["b"], "#"),
    )

    dispatcher.fire(task_event("task.running"))
    assert [] == outbox.ended
    dispatcher.fire(task_event(f"task.{state}"))

    assert ["one", "two"] == outbox.ended


class TakenIds(WrittenEvents):
    """An outbox in which other events have all ids."""

    def add_all(self, batch: Any, *further: Any, **named: Any) -> Written | None:
        """Write nothing."""
        return Written(3, taken={str(each.event.id): "abc" for each in batch})


def test_firing_an_event_whose_id_another_one_has_is_an_error():
    """The sentence says what to do, and the error has the digest of the stored event."""
    dispatcher = Dispatcher(table := ListenerTable(), TakenIds(table), NotifierTable())
    event = Event("a", {})

    with pytest.raises(EventIdTaken, match=f"{event.id}.* is abc. Fire this one with a new id") as raised:
        dispatcher.fire(event)

    assert (event.id, "abc") == (raised.value.event_id, raised.value.digest)


def test_a_source_that_reuses_an_id_is_logged_once_and_not_stopped(caplog):
    """A task that is reported again with other progress is not worth a warning."""
    caplog.set_level("DEBUG", "pulp_notifiers.dispatch.dispatcher")
    dispatcher = Dispatcher(table := ListenerTable(), TakenIds(table), NotifierTable())
    events = [Event(kind, {}, source=source) for kind in ("task.error", "a", "a") for source in ("x", "y")]

    assert 3 == dispatcher.fire_all(events)
    assert 3 == dispatcher.fire_derived(events[0])

    dropped = [record for record in caplog.records if "is dropped: another event has its id" in record.message]
    levels = ["DEBUG", "DEBUG", "WARNING", "WARNING", "DEBUG", "DEBUG", "DEBUG"]
    assert levels == [record.levelname for record in dropped]


def test_an_event_of_a_kept_type_is_stored_although_nobody_listens():
    """Others are not, and nothing is kept unless types are given."""
    dispatcher, outbox, table = dispatching()
    keeping = Dispatcher(table, outbox, NotifierTable(mail=Mail), clock=Clock(), kept_types=("repo.#",))

    for each in (dispatcher, keeping):
        each.fire_all([Event("repo.sync.finish", {}), Event("repository.changed", {}), Event("task.error", {})])

    assert [[False, False, False], [True, False, False]] == outbox.kept_events


def test_sources_are_asked_for_kept_events_although_nobody_listens():
    """What only decorates them is asked for by listeners only."""
    _, outbox, table = dispatching()
    keeping = Dispatcher(table, outbox, NotifierTable(mail=Mail), clock=Clock(), kept_types=("repo.#",))

    assert keeping.wants("repo.version.created")
    assert not keeping.wants("task.error")
    assert frozenset() == keeping.included("repo.version.created")
