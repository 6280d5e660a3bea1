"""Listeners on a single task, in the database: they end with it, and what they are owed is still delivered."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

from pulp_notifiers.delivery import Deliveries
from pulp_notifiers.event import Event
from pulp_notifiers.records import DeliveryState, Listener, Owed
from pulp_notifiers.store import Store
from tests.support.memory import START
from tests.support.stored import add, claim, work_off

NOW = START
TASK = "c1c6f3e4-1f0a-4b5e-9f0e-3b3a4a4f9b11"
ID = "5f0c1e2d3a4b5c6d7e8f9012"
OTHER = "5f0c1e2d3a4b5c6d7e8f9013"
ON_TASK = Listener("http", {"url": "http://x/"}, ("task.*",), TASK, id=ID)


def last_event(store: Store, *targets: str, revision: int | None = None) -> int | None:
    """Write the event that ends the listener, with a delivery for each target."""
    event = Event("task.finished", {}, {"task_id": TASK})
    owed = [Owed(ID, "http", target) for target in targets]
    return add(store, event, owed, revision, ended=[ID])


def deliver(store: Store, state: DeliveryState = DeliveryState.DELIVERED) -> None:
    """Record the same outcome for every delivery that is due."""
    for claimed in claim(store):
        work_off(store, claimed, state)


def prune(store: Store) -> None:
    """Delete what is no longer needed."""
    yesterday = NOW - timedelta(days=1)
    store.pruning.prune(yesterday, yesterday, yesterday)


def test_a_listener_keeps_its_task_when_it_is_changed(store):
    """Config and event types can change; the task stays."""
    store.listeners.add(ON_TASK)

    store.listeners.change(ID, lambda found: replace(found, config={"url": "http://y/"}, event_types=("task.error",)))

    assert Listener("http", {"url": "http://y/"}, ("task.error",), TASK, id=ID) == store.listeners.get(ID)


def test_the_last_event_ends_the_listener_and_is_still_delivered(store):
    """Its row is kept until then, because the attempts need its config."""
    store.listeners.add(ON_TASK)
    store.listeners.add(Listener("http", {}, ("*",), id=OTHER))
    before = store.listeners.latest_revision()

    assert 2 == last_event(store, "a", "b")

    revision, listeners = store.listeners.all()
    assert [OTHER] == [listener.id for listener in listeners]
    assert revision > before
    kept = store.listeners.get(ID)
    assert (True, {"url": "http://x/"}) == (kept.ended, kept.config)
    assert 2 == store.history.backlog().pending
    prune(store)
    assert kept == store.listeners.get(ID)

    deliver(store)
    prune(store)

    assert None is store.listeners.get(ID)
    assert [DeliveryState.DELIVERED] * 2 == [delivery.state for delivery in Deliveries(store.history).list()[1]]
    assert [OTHER] == [listener.id for listener in store.listeners.all()[1]]


def test_an_ended_listener_is_deleted_once_its_last_delivery_is_a_dead_letter(store):
    """A dead letter is not attempted again."""
    store.listeners.add(ON_TASK)
    last_event(store, "")
    deliver(store, DeliveryState.DEAD)

    prune(store)

    assert None is store.listeners.get(ID)


def test_a_listener_ends_with_its_task_even_if_it_does_not_match_the_last_event(store):
    """No further event of the task can follow."""
    store.listeners.add(ON_TASK)

    assert 0 == last_event(store)

    assert [] == store.listeners.all()[1]
    assert 0 == Deliveries(store.history).list()[0]
    prune(store)
    assert None is store.listeners.get(ID)


def test_an_ended_listener_can_neither_be_changed_nor_deleted(store):
    """Only the worker still reads it, and what it is owed does not become dead letters."""
    store.listeners.add(ON_TASK)
    last_event(store, "")

    assert None is store.listeners.change(ID, lambda found: replace(found, event_types=("*",)))
    assert not store.listeners.delete(ID, NOW)
    assert 1 == store.history.backlog().pending


def test_an_event_for_an_old_revision_ends_no_listener(store):
    """Another listener on the task may have been added meanwhile, and has to get the event."""
    revision = store.listeners.latest_revision()
    store.listeners.add(ON_TASK)

    assert (None, None) == (last_event(store, "", revision=revision), last_event(store, revision=revision))

    assert [ON_TASK] == store.listeners.all()[1]


def test_processes_that_report_the_end_at_once_end_the_listener_once(open_store):
    """There is no deadlock, even while the listener is being deleted."""
    stores = [open_store() for _ in range(4)]
    for round_number in range(10):
        listener = Listener("http", {}, ("task.*",), TASK, id=f"{round_number:024x}")
        event = Event("task.finished", {}, {"task_id": TASK})
        stores[0].listeners.add(listener)

        def report_end(store, event=event, listener=listener):
            while True:
                alive = listener.id in {each.id for each in store.listeners.all()[1]}
                owed = [Owed(listener.id, "http", target) for target in ("a", "b")] if alive else []
                written = add(store, event, owed, ended=[listener.id])
                if written is not None:
                    return written

        with ThreadPoolExecutor(5) as pool:
            reports = [pool.submit(report_end, store) for store in stores]
            deleted = pool.submit(stores[0].listeners.delete, listener.id, NOW)
            assert {0, 2} >= {each.result(60) for each in reports}
            deleted.result(60)

        assert [] == stores[0].listeners.all()[1]
