"""Listeners on a single task: they end with it, and what they are owed still goes out."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pika
import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from pulp_notifiers.app import App
from pulp_notifiers.errors import NoSuchListener
from pulp_notifiers.event import Event
from pulp_notifiers.records import Attempt, DeliveryState, Listener, ListenerDraft, Outcome, Owed
from pulp_notifiers.settings import Settings
from pulp_notifiers.store import Store, schema
from pulp_notifiers.store.store import _MIGRATIONS
from pulp_notifiers.task import TaskReport
from pulp_notifiers.testing.http import Answer, HttpReceiver
from tests.support.memory import START
from tests.support.running import running_app, wait_until_idle

NOW = START
TASK = "c1c6f3e4-1f0a-4b5e-9f0e-3b3a4a4f9b11"
ID = "5f0c1e2d3a4b5c6d7e8f9012"
OTHER = "5f0c1e2d3a4b5c6d7e8f9013"
ON_TASK = Listener("http", {"url": "http://x/"}, ("task.*",), TASK, id=ID)


def last_event(store: Store, *targets: str, revision: int | None = None) -> int | None:
    """Write the event that ends the listener, with a delivery for each target."""
    event = Event("task.finished", {}, {"task_id": TASK})
    owed = [Owed(ID, "http", target) for target in targets]
    known = store.listeners.latest_revision() if revision is None else revision
    return store.outbox.add(event, owed, known, NOW, ended=[ID])


def deliver(store: Store, state: DeliveryState = DeliveryState.DELIVERED) -> None:
    """Work off what is due."""
    for claim in store.claims.claim(NOW, NOW + timedelta(seconds=30), 10):
        for delivery in claim.deliveries:
            store.claims.record(claim, delivery, Outcome(state, Attempt(1, NOW, NOW, None)), NOW, last=True)


def prune(store: Store) -> None:
    """Delete what is no longer needed."""
    store.history.prune(NOW - timedelta(days=1), NOW - timedelta(days=1))


def test_the_task_of_a_listener_is_kept(store):
    """Through every change."""
    store.listeners.add(ON_TASK)

    store.listeners.change(ID, lambda found: replace(found, config={"url": "http://y/"}, event_types=("task.error",)))

    assert Listener("http", {"url": "http://y/"}, ("task.error",), TASK, id=ID) == store.listeners.get(ID)


def test_the_last_event_ends_the_listener_and_is_still_delivered(store):
    """Its config is kept until then, for the attempts."""
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
    assert [DeliveryState.DELIVERED] * 2 == [delivery.state for delivery in store.history.deliveries()[1]]
    assert [OTHER] == [listener.id for listener in store.listeners.all()[1]]


def test_a_dead_letter_ends_the_wait_too(store):
    """Nobody attempts it again."""
    store.listeners.add(ON_TASK)
    last_event(store, "")
    deliver(store, DeliveryState.DEAD)

    prune(store)

    assert None is store.listeners.get(ID)


def test_a_listener_that_does_not_want_the_last_event_ends_as_well(store):
    """There is nothing left that it could be told."""
    store.listeners.add(ON_TASK)

    assert 0 == last_event(store)

    assert [] == store.listeners.all()[1]
    assert 0 == store.history.deliveries()[0]
    prune(store)
    assert None is store.listeners.get(ID)


def test_an_ended_listener_can_neither_be_changed_nor_deleted(store):
    """It is gone for everybody but the worker, and what it is owed is no dead letter."""
    store.listeners.add(ON_TASK)
    last_event(store, "")

    assert None is store.listeners.change(ID, lambda found: replace(found, event_types=("*",)))
    assert not store.listeners.delete(ID, NOW)
    assert 1 == store.history.backlog().pending


def test_an_old_revision_ends_nothing(store):
    """Another listener on the task may have come meanwhile, and must be told."""
    revision = store.listeners.latest_revision()
    store.listeners.add(ON_TASK)

    assert (None, None) == (last_event(store, "", revision=revision), last_event(store, revision=revision))

    assert [ON_TASK] == store.listeners.all()[1]


def test_many_processes_that_tell_the_end_at_once_end_it_once(open_store):
    """Without a deadlock, also while the listener is deleted."""
    stores = [open_store() for _ in range(4)]
    for round_number in range(10):
        listener = Listener("http", {}, ("task.*",), TASK, id=f"{round_number:024x}")
        event = Event("task.finished", {}, {"task_id": TASK})
        stores[0].listeners.add(listener)

        def tell(store, event=event, listener=listener):
            while True:
                alive = listener.id in {each.id for each in store.listeners.all()[1]}
                owed = [Owed(listener.id, "http", target) for target in ("a", "b")] if alive else []
                told = store.outbox.add(event, owed, store.listeners.latest_revision(), NOW, ended=[listener.id])
                if told is not None:
                    return told

        with ThreadPoolExecutor(5) as pool:
            told = [pool.submit(tell, store) for store in stores]
            deleted = pool.submit(stores[0].listeners.delete, listener.id, NOW)
            assert {0, 2} >= {each.result(60) for each in told}
            deleted.result(60)

        assert [] == stores[0].listeners.all()[1]


def test_listeners_of_the_first_release_stay_as_they_were(database_url, tmp_path, open_store):
    """The migration adds columns and touches no row."""
    engine = sa.create_engine(database_url)
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        old = {"id": ID, "notifier_type": "http", "sealed_config": "sealed", "event_types": '["*"]'}
        names = ", ".join(old)
        connection.execute(sa.text(f"INSERT INTO listeners ({names}) VALUES (:{names.replace(', ', ', :')})"), old)
    engine.dispose()

    open_store()

    engine = sa.create_engine(database_url)
    with engine.connect() as connection:
        [row] = connection.execute(sa.select(schema.listeners)).mappings()
    engine.dispose()
    assert {**old, "task_id": None, "ended_at": None}.items() <= dict(row).items()


def report(state: str, task_id: str = TASK, **values) -> TaskReport:
    return TaskReport(id=ID, task_id=task_id, state=state, **values)


def settings(folder):
    return Settings({"notifiers": {"state_directory": str(folder / "state")}})


def test_the_last_event_arrives_although_the_listener_is_gone_and_the_receiver_was_down(tmp_path):
    """The worker still knows where to."""
    with HttpReceiver([Answer(503), Answer(503), Answer(200)]) as receiver, running_app(tmp_path) as app:
        made = app.listeners.create(ListenerDraft("http", {"url": receiver.url}, ("task.*",), TASK))

        assert 1 == app.task_changed(report("finished"))
        with pytest.raises(NoSuchListener):
            app.listeners.get(made.id)

        receiver.wait_for(3)
        assert 0 == wait_until_idle(app).dead
        assert "task.finished" == receiver.requests[-1].json()["event_type"]
        assert 0 == app.task_changed(report("finished"))


def test_a_task_is_told_in_order_and_progress_is_not(tmp_path):
    """Every new state once, whatever stands between."""
    with HttpReceiver() as receiver, running_app(tmp_path) as app:
        app.listeners.create(ListenerDraft("http", {"url": receiver.url}, ("task.#",)))
        for state in ("waiting", "accepted", "running", "running", "suspended", "running", "finished", "finished"):
            app.task_changed(report(state, progress_report={"state": state}))

        receiver.wait_for(3)
        wait_until_idle(app)

    bodies = [request.json() for request in receiver.requests]
    assert ["task.waiting", "task.running", "task.finished"] == [body["event_type"] for body in bodies]
    assert ["waiting", "running", "finished"] == [body["call_report"]["state"] for body in bodies]


def test_after_a_restart_a_state_is_not_told_again(tmp_path):
    """Its event has the same id."""
    for _ in range(2):
        with App.from_settings(settings(tmp_path)) as app:
            if not app.listeners.list():
                app.pulp2_listeners.create("http", {"url": "http://x/"}, ["*"])
                app.listeners.create(ListenerDraft("http", {"url": "http://x/"}, ("task.error",)))
            assert 1 == app.task_changed(report("error"))
            assert 1 == app.store.history.deliveries()[0]


def test_without_listeners_a_report_writes_nothing(tmp_path):
    """And a listener of Pulp 2's kind is none for tasks."""
    with App.from_settings(settings(tmp_path)) as app:
        app.pulp2_listeners.create("http", {"url": "http://x/"}, ["*"])

        assert [0, 0] == [app.task_changed(report(state)) for state in ("running", "finished")]

        assert 0 == app.store.history.deliveries()[0]


def test_a_listener_registered_in_another_process_is_told_within_the_poll_time(tmp_path):
    """Both have their own memory of listeners."""
    own = {"state_directory": str(tmp_path), "poll_seconds": "0.01"}
    with App(Settings({"notifiers": own})) as here, App(Settings({"notifiers": own})) as elsewhere:
        assert 0 == here.task_changed(report("running", "first"))
        elsewhere.listeners.create(ListenerDraft("http", {"url": "http://x/"}, ("task.running",)))

        numbers = iter(range(1_000_000))
        while not here.task_changed(report("running", f"task {next(numbers)}")):
            pass


def stream_settings(url: str) -> dict[str, dict[str, str]]:
    return {"messaging": {"event_notifications_enabled": "true", "event_notification_url": url}}


def test_a_change_goes_to_the_stream_and_to_listeners(tmp_path, rabbitmq):
    """Progress, and the states that are no events, to the stream alone."""
    states = ("accepted", "running", "running", "finished")
    with (
        HttpReceiver() as receiver,
        pika.BlockingConnection(pika.ConnectionParameters("127.0.0.1", rabbitmq.port)) as connection,
        running_app(tmp_path, **stream_settings(rabbitmq.url)) as app,
    ):
        channel = connection.channel()
        channel.exchange_declare("pulp.api.v2", "topic", durable=True)
        queue = channel.queue_declare("", exclusive=True).method.queue
        channel.queue_bind(queue, "pulp.api.v2", f"tasks.{TASK}")
        app.listeners.create(ListenerDraft("http", {"url": receiver.url}, ("task.*",)))

        for state in states:
            app.task_changed(report(state))
        assert app.stream.flush(60)

        published = [json.loads(channel.basic_get(queue, auto_ack=True)[2])["state"] for _ in states]
        receiver.wait_for(2)
        wait_until_idle(app)

    assert list(states) == published
    assert ["running", "finished"] == [request.json()["payload"]["state"] for request in receiver.requests]


def test_listeners_are_told_although_the_stream_cannot_be_published(tmp_path):
    """The one is best effort, the other a promise."""
    with HttpReceiver() as receiver, running_app(tmp_path, **stream_settings("amqp://127.0.0.1:1//")) as app:
        app.listeners.create(ListenerDraft("http", {"url": receiver.url}, ("task.finished",)))

        assert 1 == app.task_changed(report("finished"))

        receiver.wait_for(1)
