"""The Celery bridge with real workers on a real RabbitMQ; the stream is read back by another client, pika."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import celery
import pika
import pytest

from pulp_notifiers.app import App
from pulp_notifiers.celery import connect
from pulp_notifiers.records import ListenerDraft
from pulp_notifiers.settings import Settings
from pulp_notifiers.task import TaskReport
from pulp_notifiers.testing.http import HttpReceiver
from tests.harness.rabbitmq import RabbitMQ
from tests.support.celery_tasks import BROKER, QUEUE, die, new_celery
from tests.support.running import running_app

ROOT = Path(__file__).parent.parent.parent
EXAMPLES = ROOT / "docs" / "examples"
SECONDS = 120.0
"""A deadline that only a hang exceeds."""

EXPIRED = {"expires": "2020-01-01T00:00:00+00:00"}
"""Set behind Celery's back, which would also have the broker drop the message, so that no worker could tell."""

FATES = {
    "add": ["waiting", "running", "finished"],
    "fail": ["waiting", "running", "error"],
    "once_more": ["waiting", "running", "waiting", "running", "finished"],
    "hang": ["waiting", "running", "canceled"],
    "revoked": ["waiting", "canceled"],
    "expired": ["waiting", "canceled"],
    "wait_for": ["waiting", "running", "finished"],
    "odd_result": ["waiting", "running", "finished"],
    "parent": ["waiting", "running", "finished"],
    "ignored": ["waiting", "running", "skipped"],
    "rejected": ["waiting", "running", "error"],
    "replaced": ["waiting", "running", "waiting", "running", "finished"],
    "slow": ["waiting", "running", "error"],
    "die": ["waiting", "running", "error"],
    "unheard_of": ["waiting", "error"],
    "unkept": ["waiting", "running", "error"],
}
"""The changes of each kind of task."""


def eventually(claim: Callable[[], Any], told: Callable[[], Any] = lambda: None) -> None:
    deadline = time.monotonic() + SECONDS
    while not claim():
        assert time.monotonic() < deadline, told()
        threading.Event().wait(0.05)


class Watch:
    """Reads the stream; ``documents`` has those of each task."""

    def __init__(self, rabbitmq: RabbitMQ) -> None:
        self._connection = pika.BlockingConnection(pika.ConnectionParameters("127.0.0.1", rabbitmq.port))
        self._channel = self._connection.channel()
        self._channel.exchange_declare("pulp.api.v2", "topic", durable=True)
        self._queue = self._channel.queue_declare("", exclusive=True).method.queue
        self._channel.queue_bind(self._queue, "pulp.api.v2", "tasks.#")
        self.documents: dict[str, list[dict[str, Any]]] = defaultdict(list)

    def read(self) -> None:
        while (body := self._channel.basic_get(self._queue, auto_ack=True)[2]) is not None:
            document = json.loads(body)
            self.documents[document["task_id"]].append(document)

    def states(self) -> dict[str, Counter[str]]:
        self.read()
        return {task: Counter(document["state"] for document in told) for task, told in self.documents.items()}

    def odd(self, sent: dict[str, str]) -> dict[str, tuple[str, list[str]]]:
        """Return what is not as it should be, for the message of an assertion."""
        return {
            task: (sent.get(task, "never sent"), [document["state"] for document in self.documents[task]])
            for task in {*sent, *self.documents}
            if Counter(FATES.get(sent.get(task, ""), [])) != Counter(told["state"] for told in self.documents[task])
        }

    def wait_for(self, task: str, state: str) -> dict[str, Any]:
        """Return the last report that a task is in that state."""
        eventually(lambda: self.states().get(task, Counter())[state], lambda: self.documents[task])
        return [document for document in self.documents[task] if document["state"] == state][-1]

    def close(self) -> None:
        self._connection.close()


@dataclass
class Bridged:
    """A client of a Celery application with the bridge, what its worker needs, and who watches the stream."""

    rabbitmq: RabbitMQ
    folder: Path
    queue: str
    watch: Watch
    client: Any = None
    app: App | None = None
    sent: dict[str, str] = field(default_factory=dict)

    def send(self, kind: str, *args: Any, task: str | None = None, **options: Any) -> str:
        """Have the client send a task; return its id."""
        task_id = options.pop("task_id", None) or str(uuid4())
        self.sent[task_id] = kind
        self.client.send_task(f"bridged.{task or kind}", args, task_id=task_id, **options)
        return task_id

    def expected(self) -> dict[str, Counter[str]]:
        return {task: Counter(FATES[kind]) for task, kind in self.sent.items()}

    def settings(self) -> dict[str, dict[str, str]]:
        return {
            "notifiers": {"state_directory": str(self.folder / "state"), "poll_seconds": "0.05"},
            "messaging": {"event_notifications_enabled": "true", "event_notification_url": self.rabbitmq.url},
        }

    def environ(self) -> dict[str, str]:
        """Return the environment of whoever sends or runs tasks."""
        own, messaging = self.settings().values()
        return {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            **{f"PULP_NOTIFIERS_{key}".upper(): value for key, value in own.items()},
            **{f"PULP_NOTIFIERS_MESSAGING_{key}".upper(): value for key, value in messaging.items()},
            BROKER: self.rabbitmq.url,
            "BROKER": self.rabbitmq.url,
            QUEUE: self.queue,
        }

    @contextmanager
    def worker(
        self, *options: str, application: str = "tests.support.celery_tasks:worker_app"
    ) -> Iterator[subprocess.Popen[bytes]]:
        """Run a worker; it must end by itself after SIGTERM."""
        log = self.folder / "worker.log"
        command = [sys.executable, "-m", "celery", "-A", application, "worker"]
        command += ["-l", "WARNING", "--without-gossip", "--without-mingle", "-n", f"{self.queue}@here", *options]
        with log.open("wb") as output:
            process = subprocess.Popen(command, env=self.environ(), cwd=EXAMPLES, stdout=output, stderr=output)
        try:
            eventually(
                lambda: process.poll() is not None or self.client.control.ping([f"{self.queue}@here"], timeout=0.5),
                log.read_text,
            )
            yield process
            process.send_signal(signal.SIGTERM)
            assert 0 == process.wait(SECONDS), log.read_text()
        finally:
            process.kill()
            process.wait()


@pytest.fixture
def bridged(rabbitmq: RabbitMQ, tmp_path: Path) -> Iterator[Bridged]:
    """Return a connected client; its worker is to be started."""
    watch = Watch(rabbitmq)
    made = Bridged(rabbitmq, tmp_path, f"bridged-{uuid4().hex}", watch)
    made.client = new_celery(rabbitmq.url, made.queue)
    with App.from_settings(Settings(made.settings())) as made.app:
        bridge = connect(made.client, made.app)
        try:
            yield made
        finally:
            bridge.disconnect()
            made.client.close()
            watch.close()


def test_every_change_of_two_hundred_tasks_is_seen_once(bridged: Bridged, tmp_path: Path) -> None:
    """With two processes that are replaced meanwhile, and a worker that is told to end while a task runs."""
    go = tmp_path / "go"
    with bridged.worker("-c", "2", "--max-tasks-per-child", "40") as worker:
        revoked = [str(uuid4()) for _ in range(16)]
        bridged.client.control.revoke(revoked, reply=True, timeout=SECONDS, limit=1)
        for _ in range(4):
            bridged.send("expired", 1, 2, task="add", headers=EXPIRED)
        for task_id in revoked:
            bridged.send("revoked", 1, 2, task="add", task_id=task_id)
        for number in range(104):
            bridged.send("add", number, 1)
            if number < 40:
                bridged.send("fail", f"failure {number}")
            if number < 30:
                bridged.send("once_more")
        for task_id in [bridged.send("hang") for _ in range(5)]:
            bridged.watch.wait_for(task_id, "running")
            bridged.client.control.terminate(task_id)
        last = bridged.send("wait_for", str(go))
        bridged.watch.wait_for(last, "running")
        expected = bridged.expected()
        del expected[last]
        eventually(lambda: expected.items() <= bridged.watch.states().items(), lambda: bridged.watch.odd(bridged.sent))
        connections = bridged.rabbitmq.control("list_connections", "client_properties").count('"pulp-notifiers"')
        worker.send_signal(signal.SIGTERM)
        go.touch()

    assert 200 == len(bridged.sent)
    assert bridged.expected() == bridged.watch.states()
    assert [] == [told for told in bridged.watch.documents.values() if out_of_order(told)]
    assert 4 >= connections  # one of each child, of the worker's main process, and of this one
    assert [] == [counts for counts in descriptors(bridged.watch).values() if max(counts) > min(counts) + 10]


def out_of_order(documents: list[dict[str, Any]]) -> bool:
    """Tell whether what one process reports of a task came in another order; the others' connections may overtake."""
    states = [document["state"] for document in documents if document["state"] in ("running", "finished", "error")]
    return states != sorted(states, key="running".__ne__)


def descriptors(watch: Watch) -> dict[int, list[int]]:
    """Return how many each child had at its tasks."""
    found = defaultdict(list)
    for documents in watch.documents.values():
        for result in (document.get("result") for document in documents):
            if isinstance(result, dict) and "descriptors" in result:
                found[result["process"]].append(result["descriptors"])
    return found


@pytest.mark.parametrize("pool", ["prefork", "threads", "solo"])
def test_a_task_ends_as_what_became_of_it(bridged: Bridged, pool: str, tmp_path: Path) -> None:
    """In each kind of pool; processes that die or take too long are of one kind only."""
    kinds = ["odd_result", "ignored", "rejected", "replaced", "unheard_of", "once_more", "parent"]
    with bridged.worker("-P", pool, "-c", "2"):
        sent = {kind: bridged.send(kind) for kind in kinds}
        if pool != "solo":  # there it ends the worker itself
            sent["unkept"] = bridged.send("unkept", 1, 2)
        spawned = bridged.watch.wait_for(sent["parent"], "finished")["result"]
        bridged.sent[spawned] = "add"
        if pool == "prefork":
            sent["slow"] = bridged.send("slow")
            sent["die"] = bridged.send("die", str(tmp_path / "now"))
            bridged.watch.wait_for(sent["die"], "running")
            (tmp_path / "now").touch()
        eventually(lambda: bridged.expected() == bridged.watch.states(), lambda: bridged.watch.odd(bridged.sent))

    assert bridged.expected() == bridged.watch.states()
    last = {kind: bridged.watch.documents[task_id][-1] for kind, task_id in sent.items()}
    assert {"odd": None, "even": [None]} == last["odd_result"]["result"]
    assert [spawned] == last["parent"]["spawned_tasks"]
    assert {"reason": "not today"} == last["ignored"]["progress_report"]
    assert "never" in last["rejected"]["error"]["description"]
    assert "bridged.add" == last["replaced"]["task_type"]
    assert "The worker has no task named bridged.unheard_of." == last["unheard_of"]["error"]["description"]
    if pool != "solo":
        assert "the store of results is away" == last["unkept"]["error"]["description"]
        assert last["unkept"]["start_time"] <= last["unkept"]["finish_time"]
    again = [told["progress_report"] for told in bridged.watch.documents[sent["once_more"]] if told["progress_report"]]
    assert {"retries": 1, "reason": "TimeoutError: no answer"} in again
    if pool == "prefork":
        assert "TimeLimitExceeded" in last["slow"]["traceback"]
        assert last["slow"]["start_time"] <= last["slow"]["finish_time"]
        assert "Worker exited" in last["die"]["error"]["description"]


def test_listeners_get_the_events_of_tasks(bridged: Bridged) -> None:
    """The worker of Celery writes them, and another process delivers."""
    group = uuid4()
    with HttpReceiver() as receiver, running_app(bridged.folder) as delivering, bridged.worker("-c", "1"):
        delivering.listeners.create(ListenerDraft("http", {"url": receiver.url}, ("task.error",)))
        bridged.send("add", 1, 2)
        failed = bridged.send("fail", "boom", group_id=str(group), headers={"tags": ["pulp:repository:zoo"]})
        receiver.wait_for(1)
        waiting = bridged.watch.wait_for(failed, "waiting")
        document = bridged.watch.wait_for(failed, "error")

    [request] = receiver.requests
    told = request.json()
    assert "task.error" == told["event_type"]
    report = told["call_report"]
    assert [failed, "bridged.fail", "error"] == [report[key] for key in ("task_id", "task_type", "state")]
    assert {"code": "PLP0000", "description": "boom", "data": {}, "sub_errors": []} == report["error"]
    assert report["traceback"].endswith("ValueError: boom\n")
    assert ["pulp:repository:zoo"] == report["tags"] == document["tags"] == waiting["tags"]
    assert f"{bridged.queue}@here" == report["worker_name"]
    assert report["id"] == document["_id"]["$oid"] == waiting["_id"]["$oid"]
    assert {"$uuid": group.hex} == document["group_id"]
    assert "worker_name" not in waiting
    TaskReport.from_record(document)


def test_the_last_tasks_of_a_worker_are_published_though_its_processes_end_at_once(bridged: Bridged) -> None:
    """Each process is replaced after every task."""
    with bridged.worker("-c", "2", "--max-tasks-per-child", "1"):
        for number in range(6):
            bridged.send("add", number, 1)
        eventually(lambda: bridged.expected() == bridged.watch.states(), lambda: bridged.watch.odd(bridged.sent))


def test_only_the_tasks_of_its_application_are_reported(bridged: Bridged) -> None:
    """What is sent by name alone is taken for its own, unless another application has such a task or is current."""
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

    bridged.watch.wait_for(own, "waiting")
    types = [document["task_type"] for [document] in bridged.watch.documents.values()]
    assert ["elsewhere.sync", "elsewhere.publish", "bridged.add"] == types


def test_a_bridge_can_be_connected_twice_and_disconnected(bridged: Bridged) -> None:
    """What is sent in between is reported once, and afterwards not at all."""
    assert bridged.app is not None
    bridge = connect(bridged.client, bridged.app)
    assert bridge is connect(bridged.client, bridged.app)
    first = bridged.send("add", 1, 2)
    bridge.disconnect()
    bridge.disconnect()
    bridged.send("add", 1, 2)
    connect(bridged.client, bridged.app)
    last = bridged.send("add", 1, 2)
    bridged.watch.wait_for(last, "waiting")

    assert {first: Counter(["waiting"]), last: Counter(["waiting"])} == bridged.watch.states()
    connect(bridged.client, bridged.app).disconnect()


def test_the_example_of_the_documentation_is_true(bridged: Bridged) -> None:
    """Its program sends what its worker runs."""
    with bridged.worker("-c", "1", application="celery_project"):
        program = [sys.executable, "-W", "error", "celery_project.py"]
        subprocess.run(program, cwd=EXAMPLES, env=bridged.environ(), check=True, timeout=SECONDS)
        eventually(
            lambda: [Counter(FATES["add"])] == [*bridged.watch.states().values()], lambda: bridged.watch.documents
        )

    [documents] = bridged.watch.documents.values()
    assert {"repository": "zoo", "added_count": 3} == documents[-1]["result"]
    assert [["pulp:repository:zoo", "pulp:action:sync"]] * 3 == [document["tags"] for document in documents]
