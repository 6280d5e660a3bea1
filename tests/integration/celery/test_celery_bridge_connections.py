"""What the bridge reports, and what reaches listeners."""

import subprocess
import sys
from collections import Counter
from uuid import uuid4

import celery

from pulp_notifiers.celery import connect
from pulp_notifiers.records import ListenerDraft
from pulp_notifiers.task import TaskReport
from pulp_notifiers.testing.http import HttpReceiver
from tests.support.bridged import EXAMPLES, STATES, Bridged
from tests.support.celery_tasks import die
from tests.support.running import running_app
from tests.support.stream import SECONDS
from tests.support.waiting import wait_until


def test_listeners_get_the_events_of_celery_tasks(bridged: Bridged) -> None:
    """The worker of Celery stores them, and another process delivers."""
    group = uuid4()
    with HttpReceiver() as receiver, running_app(bridged.folder) as delivering, bridged.worker("-c", "1"):
        delivering.listeners.create(ListenerDraft("http", {"url": receiver.url}, ("task.error",)))
        bridged.send("add", 1, 2)
        failed = bridged.send("fail", "boom", group_id=str(group), headers={"tags": ["pulp:repository:zoo"]})
        receiver.wait_for(1)
        waiting = bridged.stream.wait_for(failed, "waiting")
        document = bridged.stream.wait_for(failed, "error")

    [request] = receiver.requests
    body = request.json()
    assert "task.error" == body["event_type"]
    report = body["call_report"]
    assert [failed, "bridged.fail", "error"] == [report[key] for key in ("task_id", "task_type", "state")]
    assert {"code": "PLP0000", "description": "boom", "data": {}, "sub_errors": []} == report["error"]
    assert report["traceback"].endswith("ValueError: boom\n")
    assert ["pulp:repository:zoo"] == report["tags"] == document["tags"] == waiting["tags"]
    assert f"{bridged.queue}@here" == report["worker_name"]
    assert report["id"] == document["_id"]["$oid"] == waiting["_id"]["$oid"]
    assert {"$uuid": group.hex} == document["group_id"]
    assert "worker_name" not in waiting
    TaskReport.from_record(document)


def test_only_the_tasks_of_its_application_are_reported(bridged: Bridged) -> None:
    """A task sent by name alone counts as its own, unless another application has it or is current."""
    other = celery.Celery("other", broker=bridged.rabbitmq.url, set_as_current=False)
    foreign = other.task(name="other.die", shared=False)(die)
    other.finalize()
    current = celery.current_app._get_current_object()
    try:
        foreign.apply_async(("",), queue=bridged.queue)
        bridged.client.send_task("celery.ping")
        bridged.client.send_task("elsewhere.sync")
        bridged.client.set_current()
        bridged.client.send_task("elsewhere.publish")
        other.set_current()
        other.send_task("elsewhere.delete", queue=bridged.queue)
        own = bridged.send("add", 1, 2)
    finally:
        current.set_current()
        other.close()

    bridged.stream.wait_for(own, "waiting")
    types = [document["task_type"] for [document] in bridged.stream.documents.values()]
    assert ["elsewhere.sync", "elsewhere.publish", "bridged.add"] == types


def test_a_bridge_can_be_connected_twice_and_disconnected(bridged: Bridged) -> None:
    """A task sent in between is reported once, and one sent afterwards is not."""
    assert bridged.app is not None
    bridge = connect(bridged.client, bridged.app)
    assert bridge is connect(bridged.client, bridged.app)
    first = bridged.send("add", 1, 2)
    bridge.disconnect()
    bridge.disconnect()
    bridged.send("add", 1, 2)
    connect(bridged.client, bridged.app)
    last = bridged.send("add", 1, 2)
    bridged.stream.wait_for(last, "waiting")

    assert {first: Counter(["waiting"]), last: Counter(["waiting"])} == bridged.stream.states()
    connect(bridged.client, bridged.app).disconnect()


def test_the_example_of_the_documentation_works(bridged: Bridged) -> None:
    """Its program sends tasks that its worker runs."""
    with bridged.worker("-c", "1", application="celery_project"):
        program = [sys.executable, "-W", "error", "celery_project.py"]
        subprocess.run(program, cwd=EXAMPLES, env=bridged.environ(), check=True, timeout=SECONDS)
        wait_until(
            lambda: [Counter(STATES["add"])] == [*bridged.stream.states().values()], lambda: bridged.stream.documents
        )

    [(task_id, documents)] = bridged.stream.documents.items()
    assert {"repository": "zoo", "added_count": 3} == bridged.stream.wait_for(task_id, "finished")["result"]
    assert [["pulp:repository:zoo", "pulp:action:sync"]] * 3 == [document["tags"] for document in documents]
