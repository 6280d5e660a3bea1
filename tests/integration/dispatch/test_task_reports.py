"""Task events in the running product: from a report to listeners and to the task-status stream."""

import json
from datetime import UTC, datetime, timedelta

import pika
import pytest

from pulp_notifiers.app import App
from pulp_notifiers.errors import NoSuchListener
from pulp_notifiers.records import ListenerDraft
from pulp_notifiers.settings import Settings
from pulp_notifiers.task import TaskReport
from pulp_notifiers.testing.http import Answer, HttpReceiver
from tests.support.running import running_app, wait_until_idle

TASK = "c1c6f3e4-1f0a-4b5e-9f0e-3b3a4a4f9b11"


def report(state: str, task_id: str = TASK, **values) -> TaskReport:
    return TaskReport(id="5f0c1e2d3a4b5c6d7e8f9012", task_id=task_id, state=state, **values)


def settings(folder):
    return Settings({"notifiers": {"state_directory": str(folder / "state")}})


def test_the_last_event_of_a_task_arrives_although_its_listener_has_ended_and_the_receiver_was_down(tmp_path):
    """The worker still has the listener's config."""
    with HttpReceiver([Answer(503), Answer(503), Answer(200)]) as receiver, running_app(tmp_path) as app:
        made = app.listeners.create(ListenerDraft("http", {"url": receiver.url}, ("task.*",), TASK))

        assert 1 == app.task_changed(report("finished"))
        with pytest.raises(NoSuchListener):
            app.listeners.get(made.id)

        receiver.wait_for(3)
        assert 0 == wait_until_idle(app).dead
        assert "task.finished" == receiver.requests[-1].json()["event_type"]
        assert 0 == app.task_changed(report("finished"))


def test_each_new_state_of_a_task_is_delivered_once_in_order(tmp_path):
    """Progress, and states without events, deliver nothing."""
    with HttpReceiver() as receiver, running_app(tmp_path) as app:
        app.listeners.create(ListenerDraft("http", {"url": receiver.url}, ("task.#",)))
        for state in ("waiting", "accepted", "running", "running", "suspended", "running", "finished", "finished"):
            app.task_changed(report(state, progress_report={"state": state}))

        receiver.wait_for(3)
        wait_until_idle(app)

    bodies = [request.json() for request in receiver.requests]
    assert ["task.waiting", "task.running", "task.finished"] == [body["event_type"] for body in bodies]
    assert ["waiting", "running", "finished"] == [body["call_report"]["state"] for body in bodies]


def test_a_state_reported_again_after_a_restart_is_not_delivered_again(tmp_path):
    """Its event has the same id."""
    for _ in range(2):
        with App.from_settings(settings(tmp_path)) as app:
            if not app.listeners.list():
                app.pulp2_listeners.create("http", {"url": "http://x/"}, ["*"])
                app.listeners.create(ListenerDraft("http", {"url": "http://x/"}, ("task.error",)))
            assert 1 == app.task_changed(report("error"))
            assert 1 == app.deliveries.list()[0]


def test_a_report_that_no_listener_matches_writes_nothing(tmp_path):
    """A listener on Pulp 2's bare asterisk does not match task events."""
    with App.from_settings(settings(tmp_path)) as app:
        app.pulp2_listeners.create("http", {"url": "http://x/"}, ["*"])

        assert [0, 0] == [app.task_changed(report(state)) for state in ("running", "finished")]

        assert 0 == app.deliveries.list()[0]


def test_a_listener_registered_in_another_process_gets_events_after_the_poll_time(tmp_path):
    """Each process keeps its own copy of the listeners."""
    own = {"state_directory": str(tmp_path), "poll_seconds": "0.01"}
    with App(Settings({"notifiers": own})) as here, App(Settings({"notifiers": own})) as elsewhere:
        assert 0 == here.task_changed(report("running", "first"))
        elsewhere.listeners.create(ListenerDraft("http", {"url": "http://x/"}, ("task.running",)))

        numbers = iter(range(1_000_000))
        while not here.task_changed(report("running", f"task {next(numbers)}")):
            pass


def stream_settings(url: str) -> dict[str, dict[str, str]]:
    return {"messaging": {"event_notifications_enabled": "true", "event_notification_url": url}}


def test_a_report_goes_to_the_stream_and_to_listeners(tmp_path, rabbitmq):
    """Progress, and the states without events, go to the stream alone."""
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


def test_listeners_get_the_event_although_the_stream_cannot_be_published(tmp_path):
    """The stream is best effort; deliveries are a promise."""
    with HttpReceiver() as receiver, running_app(tmp_path, **stream_settings("amqp://127.0.0.1:1//")) as app:
        app.listeners.create(ListenerDraft("http", {"url": receiver.url}, ("task.finished",)))

        assert 1 == app.task_changed(report("finished"))

        receiver.wait_for(1)


def test_each_night_of_a_task_with_a_fixed_id_is_delivered(tmp_path):
    """Also if the service was restarted between two nights, and whether or not the reports have times."""
    nights = [datetime(2026, 11, day, 3, tzinfo=UTC) for day in (1, 2, 3, 4)]
    for number, started in enumerate(nights):
        times = {"start_time": started, "finish_time": started + timedelta(minutes=1)}
        with App.from_settings(settings(tmp_path)) as app:
            if not app.listeners.list():
                app.listeners.create(ListenerDraft("http", {"url": "http://x/"}, ("task.error", "task.running")))
            for task_id, values in (("with times", times), ("without times", {})):
                for state in ("waiting", "running", "running", "error", "error"):
                    app.task_changed(report(state, task_id, **values))
            errors = [found for found in app.deliveries.list()[1] if found.event_type == "task.error"]
            running = app.deliveries.list()[0] - len(errors)

            assert 2 * (number + 1) == len(errors)
            assert running in (2 * (number + 1), number + 2)  # a start without times may be a repeat


def test_a_run_without_times_that_a_restart_interrupts_is_one_run(tmp_path):
    """The events that are stored say which run it is."""
    for states in (("running",), ("running", "error"), ("error",), ("running",), ("error",)):
        with App.from_settings(settings(tmp_path)) as app:
            if not app.listeners.list():
                app.listeners.create(ListenerDraft("http", {"url": "http://x/"}, ("task.*",)))
            for state in states:
                app.task_changed(report(state))
            types = [found.event_type for found in app.deliveries.list()[1]]

    assert ["task.error", "task.running", "task.error", "task.running"] == types
