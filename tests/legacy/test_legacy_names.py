"""The Python names of Pulp 2.7, over real Apps."""

import copy
import json
import os
import subprocess
import sys
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pika
import pytest

from pulp_notifiers import legacy
from pulp_notifiers.app import App
from pulp_notifiers.errors import InvalidValue, NoSuchListener
from pulp_notifiers.event import Event
from pulp_notifiers.legacy import EventFireManager, EventListenerManager, TopicPublishManager, current_task
from pulp_notifiers.legacy.current_task import call_report_of
from pulp_notifiers.legacy.deprecation import deprecated
from pulp_notifiers.plugin_host.handle_event import LegacyEvent
from pulp_notifiers.records import DeliveryFilter, DeliveryState
from pulp_notifiers.settings import Settings
from pulp_notifiers.task import TaskReport
from tests.support.bson_types import ObjectId
from tests.support.distributions import installed

HEX = "57238b2aaca4886d97990601"
TASK = TaskReport(id=HEX, task_id="3f2a9c1e-6b7d-4e8f-9a0b-1c2d3e4f5a6b", state="running")
CONFIG = {"url": "https://receiver.example/", "username": "joe", "password": "correct horse"}

pytestmark = pytest.mark.filterwarnings("ignore:.* is deprecated since Pulp 2.7:DeprecationWarning")


@pytest.fixture
def app(tmp_path):
    """An App of its own with a recording notifier; its worker does not run yet."""
    with installed(tmp_path, "throw-away", {"n1": "tests.support.recording:Recording"}, {}), started(tmp_path) as app:
        yield app


def started(folder, **sections):
    """Return an App with its state in a folder."""
    return App.from_settings(Settings({"notifiers": {"state_directory": str(folder)}, **sections}))


def bodies(app, fire):
    """Return the bodies that a listener to everything gets when the function has fired."""
    app.pulp2_listeners.create("n1", {}, ["*"])
    fire()
    app.worker.start()
    count, _ = app.store.history.deliveries()
    return [app.registry.get("n1").notifier.next_call()[1].body() for _ in range(count)]


@pytest.mark.parametrize(
    ("fire", "event_type", "payload"),
    [
        (lambda fire: fire.fire_repo_sync_started("zoo"), "repo.sync.start", {"repo_id": "zoo"}),
        (
            lambda fire: fire.fire_repo_publish_started("zoo", "yum"),
            "repo.publish.start",
            {"repo_id": "zoo", "distributor_id": "yum"},
        ),
        (
            lambda fire: fire.fire_repo_publish_started(distributor_id="yum", repo_id="zoo"),
            "repo.publish.start",
            {"repo_id": "zoo", "distributor_id": "yum"},
        ),
    ],
)
def test_start_events_name_what_begins(app, fire, event_type, payload):
    """And have no call report outside a task."""
    expected = {"event_type": event_type, "payload": payload, "call_report": None}

    assert [expected] == bodies(app, lambda: fire(EventFireManager(app)))


@pytest.mark.parametrize(
    ("method", "event_type", "keys"),
    [("fire_repo_sync_finished", "repo.sync.finish", 16), ("fire_repo_publish_finished", "repo.publish.finish", 13)],
)
def test_finish_events_carry_the_history_record(app, method, event_type, keys):
    """Without its row's id, and without changing it."""
    record = {"_id": ObjectId(HEX), "repo_id": "zoo", "result": "success", "summary": {"a": 1}}
    before = copy.copy(record)

    [body] = bodies(app, lambda: getattr(EventFireManager(app), method)(record))

    assert event_type == body["event_type"]
    assert keys == len(body["payload"])
    assert {"id": HEX, "repo_id": "zoo", "result": "success", "summary": {"a": 1}}.items() <= body["payload"].items()
    assert "_id" not in body["payload"]
    assert before == record


@pytest.mark.parametrize("report", [TASK, TASK.call_report()])
def test_a_call_report_may_be_given(app, report):
    """As the task's record or ready made."""
    [body] = bodies(app, lambda: EventFireManager(app).fire_repo_sync_started("zoo", call_report=report))

    assert TASK.call_report() == body["call_report"]


def test_events_of_a_block_belong_to_its_task(app):
    """The innermost; what is given to the call goes before."""
    other = {"task_id": "other"}

    def fire():
        with current_task(TASK):
            EventFireManager(app).fire_repo_sync_started("inside")
            with current_task(lambda: other):
                EventFireManager(app).fire_repo_sync_started("further inside")
            with current_task(None):
                EventFireManager(app).fire_repo_sync_started("outside any task")
            EventFireManager(app).fire_repo_sync_started("given", call_report=other)
        EventFireManager(app).fire_repo_sync_started("after")

    reports = {body["payload"]["repo_id"]: body["call_report"] for body in bodies(app, fire)}

    assert {
        "inside": TASK.call_report(),
        "further inside": other,
        "outside any task": None,
        "given": other,
        "after": None,
    } == reports


def test_a_current_task_is_that_of_its_thread():
    """Tasks run side by side."""
    seen = []

    with current_task(TASK):
        thread = threading.Thread(target=lambda: seen.append(call_report_of(None)))
        thread.start()
        thread.join()

    assert [None] == seen


def test_listeners_are_documents_like_those_of_rest(app):
    """With masked secrets."""
    created = EventListenerManager(app).create("http", CONFIG, ["repo.sync.finish", "repo.sync.finish"])

    assert {
        "_href": f"/pulp/api/v2/events/{created['id']}/",
        "_id": {"$oid": created["id"]},
        "_ns": "event_listeners",
        "id": created["id"],
        "notifier_type_id": "http",
        "notifier_config": {**CONFIG, "password": "*****"},
        "event_types": ["repo.sync.finish", "repo.sync.finish"],
    } == created
    assert (
        created
        == EventListenerManager(app).get(created["id"])
        == EventListenerManager(app).get(ObjectId(created["id"]))
    )
    assert [created] == EventListenerManager(app).list()


def test_a_listener_is_updated_by_a_delta(app):
    """None removes a key, what is not given stays, and the caller's delta stays whole."""
    manager = EventListenerManager(app)
    listener = manager.create("http", CONFIG, ["*"])
    delta = {"username": None, "password": "*****", "url": "https://other.example/"}

    changed = manager.update(listener["id"], notifier_config=delta)

    assert {"url": "https://other.example/", "password": "*****"} == changed["notifier_config"]
    assert "correct horse" == app.listeners.get(listener["id"]).config["password"]
    assert {"username": None, "password": "*****", "url": "https://other.example/"} == delta
    assert ["repo.sync.start"] == manager.update(listener["id"], event_types=["repo.sync.start"])["event_types"]
    assert manager.get(listener["id"]) == manager.update(listener["id"])


def test_a_deleted_listener_is_gone(app):
    """Which Pulp 2 said by an exception."""
    manager = EventListenerManager(app)
    listener = manager.create("n1", None, ["*"])

    manager.delete(listener["id"])

    assert [] == manager.list()
    for call in (manager.get, manager.delete, manager.update):
        with pytest.raises(NoSuchListener):
            call(listener["id"])


@pytest.mark.parametrize("listener_id", ["", "zoo", None, 7, "57238B2AACA4886D97990601", {"$oid": HEX}])
def test_what_is_no_id_is_no_listener(app, listener_id):
    """Whatever its type."""
    with pytest.raises(NoSuchListener):
        EventListenerManager(app).get(listener_id)


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        (("n1", {}, []), ["event_types"]),
        (("n1", {}, "repo.sync.start"), ["event_types"]),
        (("nobody", {}, ["repo-sync-started"]), ["event_types"]),
        (("nobody", {}, ["*"]), ["notifier_type_id"]),
        (("n1", [], ["*"]), ["notifier_config"]),
    ],
)
def test_wrong_values_are_refused(app, arguments, names):
    """By the rules of REST, in its order."""
    with pytest.raises(InvalidValue) as refusal:
        EventListenerManager(app).create(*arguments)

    assert names == refusal.value.property_names
    assert [] == app.listeners.list()


def test_a_published_event_is_owed_until_it_is_delivered(app):
    """To a listener that nothing else chooses; each call is a message, also of one event that was fired too."""
    event = Event("repo.sync.finish", {"repo_id": "zoo"})
    app.pulp2_listeners.create("n1", {}, ["*"])

    assert 1 == app.fire(event)
    for exchange in ("mine", "mine", None, ""):
        TopicPublishManager.publish(event, exchange, app=app)
    app.fire(Event("repo.sync.start", {}))

    _, mine, default = app.listeners.list()
    assert [("amqp", {"exchange": "mine"}, ()), ("amqp", {}, ())] == [
        (listener.notifier_type, listener.config, listener.event_types) for listener in (mine, default)
    ]
    assert 2 == app.store.history.deliveries(DeliveryFilter(listener_id=mine.id, state=DeliveryState.PENDING))[0]
    assert 2 == app.store.history.deliveries(DeliveryFilter(listener_id=default.id, state=DeliveryState.PENDING))[0]


def test_processes_share_the_listener_of_an_exchange(tmp_path):
    """Also when they meet."""
    with started(tmp_path) as one, started(tmp_path) as other, ThreadPoolExecutor(8) as threads:
        event = Event("repo.sync.finish", {"repo_id": "zoo"})
        for done in [threads.submit(TopicPublishManager.publish, event, "mine", app=app) for app in [one, other] * 8]:
            done.result()

        assert 1 == len(one.listeners.list())
        assert 16 == one.store.history.deliveries()[0]


def test_a_deleted_listener_of_an_exchange_comes_back(app):
    """When there is something to publish again."""
    TopicPublishManager.publish(Event("repo.sync.start", {}), "mine", app=app)
    app.listeners.delete(app.listeners.list()[0].id)

    TopicPublishManager().publish(LegacyEvent(Event("repo.sync.start", {})), "mine", app=app)

    assert 1 == len(app.listeners.list())
    assert 1 == app.store.history.backlog().pending


def test_events_reach_the_exchange(tmp_path, rabbitmq):
    """With routing key and body of Pulp 2."""
    event = Event("repo.sync.finish", {"repo_id": "zoo"}, {"task_id": "t"})
    connection = pika.BlockingConnection(pika.ConnectionParameters("127.0.0.1", rabbitmq.port))
    channel = connection.channel()
    channel.exchange_declare("legacy-names", "topic")
    queue = channel.queue_declare("", exclusive=True).method.queue
    channel.queue_bind(queue, "legacy-names", "pulp.server.#")

    with started(tmp_path, messaging={"url": rabbitmq.url}) as app:
        app.worker.start()
        TopicPublishManager.publish(event, "legacy-names", app=app)
        method, properties, body = next(channel.consume(queue, auto_ack=True, inactivity_timeout=60))

    channel.cancel()
    connection.close()
    assert "pulp.server.repo.sync.finish" == method.routing_key
    assert event.body() == json.loads(body)
    assert properties.message_id


def test_a_name_warns_its_first_caller_only():
    """From whichever thread, where the caller stands."""

    @deprecated("something else")
    def old_name(value):
        return value

    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        values = [old_name(1), old_name(2)]

    assert [1, 2] == values
    [warning] = told
    assert DeprecationWarning is warning.category
    assert __file__ == warning.filename
    assert str(warning.message).endswith("old_name is deprecated since Pulp 2.7; use something else instead.")
    assert "old_name" == old_name.__name__


SCRIPT = """
import warnings
from pulp_notifiers import legacy
from pulp_notifiers.event import Event
with warnings.catch_warnings(record=True) as told:
    warnings.simplefilter("always")
    for _ in range(2):
        fire, listeners = legacy.EventFireManager(), legacy.EventListenerManager()
        listener = listeners.create("http", {}, ["*"])
        fire.fire_repo_sync_started("zoo")
        fire.fire_repo_sync_finished({"repo_id": "zoo"})
        fire.fire_repo_publish_started("zoo", "yum")
        fire.fire_repo_publish_finished({"repo_id": "zoo"})
        listeners.update(listeners.get(listener["id"])["id"], None, ["*"])
        legacy.TopicPublishManager.publish(Event("repo.sync.start", {}))
        legacy.close()
        print(len(listeners.list()))
        listeners.delete(listener["id"])
print(*[f"{warning.category.__name__} {warning.lineno} {warning.message}" for warning in told], sep="\\n")
"""


def test_without_arguments_they_share_an_app_of_the_process(tmp_path):
    """Made from the settings, closed at exit or before; and every name warns once, where it is called."""
    environ = {
        **os.environ,
        "PULP_NOTIFIERS_STATE_DIRECTORY": str(tmp_path),
        "PULP_NOTIFIERS_CONF": str(tmp_path / "c"),
    }
    (tmp_path / "c").write_text("")

    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", SCRIPT],
        env=environ,
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )

    first, second, *warned = done.stdout.splitlines()
    assert ("2", "2") == (first, second), "one listener of ours, and one of TopicPublishManager"
    lines = {text.split()[2]: int(text.split()[1]) for text in warned}
    calls = SCRIPT.splitlines()
    assert 10 == len(warned) == len(lines)
    assert {"DeprecationWarning"} == {text.split()[0] for text in warned}
    assert [] == [name for name, line in lines.items() if f".{name.split('.')[1]}(" not in calls[line - 1]]
    assert all(" use App." in text for text in warned)
    assert (tmp_path / "notifiers.db").exists()


def test_the_script_names_everything():
    """Every public method of the three classes."""
    classes = (EventFireManager, EventListenerManager, TopicPublishManager)
    names = [name for each in classes for name in vars(each) if not name.startswith("_")]

    assert 10 == len(names)
    assert [] == [name for name in names if f".{name}(" not in SCRIPT]
    assert Path(legacy.__file__).exists()
