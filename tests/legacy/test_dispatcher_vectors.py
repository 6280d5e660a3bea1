"""Which listeners get an event, as recorded in the contract's vectors: the real App, its worker, and real plugins."""

import json
import logging
import queue
from pathlib import Path

import pytest

from pulp_notifiers.app import App
from pulp_notifiers.errors import InvalidValue
from pulp_notifiers.event import Event
from pulp_notifiers.legacy import EventFireManager, current_task
from pulp_notifiers.records import Attempt, DeliveryFilter, DeliveryState, Listener
from pulp_notifiers.settings import Settings
from pulp_notifiers.testing.http import HttpReceiver
from tests.support.distributions import installed
from tests.support.recording import PATIENCE_SECONDS, legacy_calls

CASES = {
    vector["id"]: vector
    for vector in json.loads((Path(__file__).parent / "vectors" / "dispatcher.json").read_text())["vectors"]
}
NOTIFIERS = {"n1": "Recording", "ok": "Recording", "raises": "Raising", "hangs": "Hanging", "old": "handle_event"}
LISTENER_ID = "5f0c1e2d3a4b5c6d7e8f9012"


@pytest.fixture
def app(tmp_path):
    """Yield an App with a running worker and the notifiers above."""
    entry_points = {name: f"tests.support.recording:{attribute}" for name, attribute in NOTIFIERS.items()}
    settings = Settings({"notifiers": {"state_directory": str(tmp_path), "worker_threads": "4"}})
    with installed(tmp_path, "throw-away", entry_points, {}), App.from_settings(settings) as app:
        app.worker.start()
        yield app
        notifier(app, "hangs").released.set()


def notifier(app, notifier_type):
    """Return the notifier that this App calls."""
    return app.registry.get(notifier_type).notifier


def register(app, listeners):
    """Store the listeners of a vector under the numbers that it gives them."""
    for listener in listeners:
        values = (listener["notifier_type_id"], {"number": listener["id"]}, tuple(listener["event_types"]))
        app.store.listeners.add(Listener(*values, id=f"{listener['id']:024x}"))


def assert_called(app, expected, listeners):
    """Wait until the listeners with these numbers were called, and check that no other was."""
    types = {listener["id"]: listener["notifier_type_id"] for listener in listeners}
    called = sorted(notifier(app, types[number]).next_call()[0]["number"] for number in expected)
    assert app.worker.stop(PATIENCE_SECONDS)
    assert expected == called
    assert not [name for name in set(types.values()) & {"n1", "ok", "raises"} if notifier(app, name).has_calls()]


def states(app, listener_number):
    """Return the states of a listener's deliveries."""
    _, found = app.deliveries.list(DeliveryFilter(listener_id=f"{listener_number:024x}"))
    return [delivery.state for delivery in found]


class Errors(logging.Handler):
    """Collects the messages of log records of level ERROR."""

    def __init__(self):
        super().__init__(logging.ERROR)
        self.logged = queue.SimpleQueue()

    def emit(self, record):
        """Keep the message."""
        self.logged.put(record.getMessage())


@pytest.fixture
def errors():
    """Yield a queue of the errors that are logged from now on."""
    handler = Errors()
    logging.getLogger("pulp_notifiers").addHandler(handler)
    yield handler.logged
    logging.getLogger("pulp_notifiers").removeHandler(handler)


@pytest.mark.parametrize("case_id", ["match-exact", "match-star", "match-once", "no-glob"])
def test_each_matching_listener_is_called_once(app, case_id):
    """A listener matches by the exact type or by ``*``."""
    given, expected = CASES[case_id]["given"], CASES[case_id]["expect"]["called"]
    register(app, given["listeners"])

    deliveries = app.fire(Event(given["event_type"], {"repo_id": "zoo"}))

    assert len(expected) == deliveries
    assert_called(app, expected, given["listeners"])


def test_a_notifier_that_raises_does_not_affect_other_listeners(app, errors):
    """The error is logged, and ``fire`` does not raise."""
    case = CASES["exception-isolated"]
    register(app, case["given"]["listeners"])

    deliveries = app.fire(Event(case["given"]["event_type"], {"repo_id": "zoo"}))

    assert 2 == deliveries
    assert_called(app, case["expect"]["called"], case["given"]["listeners"])
    assert errors.get(timeout=PATIENCE_SECONDS).startswith(case["expect"]["log"]["message"])
    assert "ERROR" == case["expect"]["log"]["level"]
    assert errors.empty()
    assert [DeliveryState.PENDING] == states(app, listener_number=1)


@pytest.mark.parametrize("notifier_type", ["rest-api", "of-a-removed-plugin"])
def test_a_stored_listener_of_an_unusable_type_does_not_affect_others(app, errors, notifier_type):
    """Either Pulp's old name of http, whose config has no URL here, or an unknown type."""
    case = CASES["unknown-notifier"]
    first, second = case["given"]["listeners"]
    listeners = [{**first, "notifier_type_id": notifier_type}, second]
    register(app, listeners)

    deliveries = app.fire(Event(case["given"]["event_type"], {"repo_id": "zoo"}))

    assert 2 == deliveries
    assert "ERROR" == case["successor"]["log_level"]
    assert "000000000001" in errors.get(timeout=PATIENCE_SECONDS)
    assert_called(app, case["successor"]["called"], listeners)
    assert errors.empty()


def test_a_stored_listener_of_type_rest_api_is_delivered_by_http(app):
    """Pulp 2.0.6 renamed the type, and its migration changed only one listener."""
    with HttpReceiver() as receiver:
        config = {"url": receiver.url}
        app.store.listeners.add(Listener("rest-api", config, ("repo.sync.start",), id=LISTENER_ID))

        app.fire(Event("repo.sync.start", {"repo_id": "zoo"}))

        [request] = receiver.wait_for(1)
    assert ("POST", "repo.sync.start") == (request.method, request.json()["event_type"])


def test_a_notifier_that_hangs_does_not_delay_other_listeners(app):
    """Later events are delivered too."""
    for number, notifier_type in enumerate(["hangs", "ok"], start=1):
        app.store.listeners.add(Listener(notifier_type, {}, ("*",), id=f"{number:024x}"))

    for repo in ("zoo", "farm"):
        app.fire(Event("repo.sync.start", {"repo_id": repo}))

    assert {"zoo", "farm"} == {notifier(app, "ok").next_call()[1].payload["repo_id"] for _ in range(2)}
    assert notifier(app, "hangs").next_call()
    assert [DeliveryState.PENDING] * 2 == states(app, listener_number=1)


def test_all_listeners_get_the_same_event_and_their_own_config(app):
    """A notifier and a Pulp 2 style function get the stored config."""
    assert ["notifier_config", "event"] == CASES["arguments"]["expect"]["call_args"]
    config = {"a": [1, {"b": None}], "é": "x"}
    event = Event("repo.sync.finish", {"repo_id": "zoo"}, {"task_id": "t"})
    for notifier_type in ("ok", "old"):
        app.pulp2_listeners.create(notifier_type, config, ["repo.sync.finish"])

    app.fire(event)

    received_config, received = notifier(app, "ok").next_call()
    notifier_config, legacy_event = legacy_calls.get(timeout=PATIENCE_SECONDS)
    assert config == received_config == notifier_config
    assert event == received
    assert event.body() == legacy_event.data()


@pytest.mark.filterwarnings("ignore:EventFireManager:DeprecationWarning")
def test_the_task_is_read_once_for_all_listeners(app):
    """It is read when the event is created, so that all see the same state."""
    reads = []
    listeners = [{"id": number, "event_types": ["*"], "notifier_type_id": "n1"} for number in (1, 2, 3)]
    register(app, listeners)

    with current_task(lambda: reads.append("read") or {"task_id": "t", "state": "running"}):
        EventFireManager(app).fire_repo_sync_started("zoo")

    reports = [notifier(app, "n1").next_call()[1].call_report for _ in listeners]
    assert CASES["snapshot"]["expect"]["call_report_reads"] == len(reads)
    assert [{"task_id": "t", "state": "running"}] * 3 == reports


def test_deliveries_are_created_in_the_order_of_listeners(app):
    """Pulp 2 called one after the other; here each has its own lane, and waits only for its own events."""
    assert CASES["order"]["expect"]["order"].startswith("natural")
    listeners = [{"id": number, "event_types": ["*"], "notifier_type_id": "n1"} for number in (3, 1, 2)]
    register(app, listeners)

    app.fire(Event("repo.sync.start", {"repo_id": "zoo"}))

    _, newest_first = app.deliveries.list()
    assert [3, 1, 2] == [int(delivery.listener_id, 16) for delivery in reversed(newest_first)]


def test_one_listener_gets_the_events_of_a_repository_in_order(app):
    """The worker has four threads."""
    register(app, [{"id": 1, "event_types": ["*"], "notifier_type_id": "n1"}])

    for number in range(30):
        app.fire(Event("repo.sync.start", {"repo_id": "zoo", "number": number}))

    assert [*range(30)] == [notifier(app, "n1").next_call()[1].payload["number"] for _ in range(30)]


def test_the_notifier_types_of_pulp_2_are_installed(app):
    """Each comes from its own distribution."""
    assert {*CASES["registry"]["expect"]["types"]} <= {installed.type for installed in app.registry.installed()}


@pytest.mark.parametrize("notifier_type", [*CASES["registry"]["expect"]["invalid"], "rest-api", None, [], {}])
def test_any_other_notifier_type_is_refused(app, notifier_type):
    """So is the old name of http, which only stored listeners may have."""
    with pytest.raises(InvalidValue) as refusal:
        app.pulp2_listeners.create(notifier_type, {}, ["*"])

    assert ["notifier_type_id"] == refusal.value.property_names
    assert [] == app.listeners.list()


def test_an_attempt_that_raised_is_stored_with_its_error(app):
    """Pulp 2 only logged the text."""
    register(app, [{"id": 1, "event_types": ["*"], "notifier_type_id": "raises"}])
    app.fire(Event("repo.sync.start", {"repo_id": "zoo"}))

    notifier(app, "raises").next_call()
    app.worker.stop(PATIENCE_SECONDS)

    _, [delivery] = app.deliveries.list()
    [attempt] = app.store.history.attempts(delivery.id)
    assert isinstance(attempt, Attempt)
    assert "Exception from notifier of type [raises]: KeyError: 'boom'" == attempt.error == delivery.last_error


def test_every_vector_has_a_test():
    """This file names the id of each."""
    source = Path(__file__).read_text()

    assert [] == [case_id for case_id in CASES if f'"{case_id}"' not in source]
