"""``EventFireManager`` and ``current_task``, over real Apps."""

import copy
import threading

import pytest

from pulp_notifiers.legacy import EventFireManager, current_task
from pulp_notifiers.legacy.current_task import call_report_of
from pulp_notifiers.task import TaskReport
from tests.support.bson_types import ObjectId

HEX = "57238b2aaca4886d97990601"
TASK = TaskReport(id=HEX, task_id="3f2a9c1e-6b7d-4e8f-9a0b-1c2d3e4f5a6b", state="running")

pytestmark = pytest.mark.filterwarnings("ignore:.* is deprecated since Pulp 2.7:DeprecationWarning")


def bodies(app, fire):
    """Return the bodies that a listener for all repository events gets after the function has fired."""
    app.pulp2_listeners.create("n1", {}, ["*"])
    fire()
    app.worker.start()
    count, _ = app.deliveries.list()
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
def test_start_events_have_the_ids_of_what_starts(app, fire, event_type, payload):
    """They have no call report outside a task."""
    expected = {"event_type": event_type, "payload": payload, "call_report": None}

    assert [expected] == bodies(app, lambda: fire(EventFireManager(app)))


@pytest.mark.parametrize(
    ("method", "event_type", "keys"),
    [("fire_repo_sync_finished", "repo.sync.finish", 16), ("fire_repo_publish_finished", "repo.publish.finish", 13)],
)
def test_finish_events_have_the_history_record(app, method, event_type, keys):
    """The id of its row is left out, and the record is not modified."""
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
    """It may be the task's report or a finished call report."""
    [body] = bodies(app, lambda: EventFireManager(app).fire_repo_sync_started("zoo", call_report=report))

    assert TASK.call_report() == body["call_report"]


def test_events_in_a_current_task_block_have_its_call_report(app):
    """The innermost block counts, and an argument of the call has priority."""
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


def test_each_thread_has_its_own_current_task():
    """Tasks run in parallel."""
    seen = []

    with current_task(TASK):
        thread = threading.Thread(target=lambda: seen.append(call_report_of(None)))
        thread.start()
        thread.join()

    assert [None] == seen
