"""A Celery application with the bridge, its workers, and the stream as another client, pika, reads it."""

import json
import os
import signal
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import pika

from pulp_notifiers.app import App
from tests.harness.rabbitmq import RabbitMQ
from tests.support.celery_tasks import BROKER, QUEUE
from tests.support.stream import SECONDS
from tests.support.waiting import wait_until

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "docs" / "examples"

STATES = {
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
"""The states in which each kind of task is reported."""


class StreamReader:
    """Reads the stream; ``documents`` holds the documents of each task."""

    def __init__(self, rabbitmq: RabbitMQ) -> None:
        self._connection = pika.BlockingConnection(pika.ConnectionParameters("127.0.0.1", rabbitmq.port))
        self._channel = self._connection.channel()
        self._channel.exchange_declare("pulp.api.v2", "topic", durable=True)
        self._queue = self._channel.queue_declare("", exclusive=True).method.queue
        self._channel.queue_bind(self._queue, "pulp.api.v2", "tasks.#")
        self.documents: dict[str, list[dict[str, Any]]] = defaultdict(list)

    def read(self) -> None:
        """Read all documents that have arrived."""
        while (body := self._channel.basic_get(self._queue, auto_ack=True)[2]) is not None:
            document = json.loads(body)
            self.documents[document["task_id"]].append(document)

    def states(self) -> dict[str, Counter[str]]:
        """Return how often each task was reported in each state."""
        self.read()
        return {
            task: Counter(document["state"] for document in documents) for task, documents in self.documents.items()
        }

    def unexpected(self, sent: dict[str, str]) -> dict[str, tuple[str, list[str]]]:
        """Return the tasks whose states are not as expected, for the message of an assertion."""
        return {
            task: (sent.get(task, "never sent"), [document["state"] for document in self.documents[task]])
            for task in {*sent, *self.documents}
            if Counter(STATES.get(sent.get(task, ""), []))
            != Counter(document["state"] for document in self.documents[task])
        }

    def wait_for(self, task: str, state: str) -> dict[str, Any]:
        """Wait until a task is in this state; return the last report of it."""
        wait_until(lambda: self.states().get(task, Counter())[state], lambda: self.documents[task])
        return [document for document in self.documents[task] if document["state"] == state][-1]

    def close(self) -> None:
        """Disconnect."""
        self._connection.close()


@dataclass
class Bridged:
    """A client of a Celery application with the bridge, a worker of it, and a reader of the stream."""

    rabbitmq: RabbitMQ
    folder: Path
    queue: str
    stream: StreamReader
    client: Any = None
    app: App | None = None
    sent: dict[str, str] = field(default_factory=dict)

    def send(self, kind: str, *args: Any, task: str | None = None, **options: Any) -> str:
        """Send a task from the client; return its id."""
        task_id = options.pop("task_id", None) or str(uuid4())
        self.sent[task_id] = kind
        self.client.send_task(f"bridged.{task or kind}", args, task_id=task_id, **options)
        return task_id

    def expected(self) -> dict[str, Counter[str]]:
        """Return how often each task must be reported in each state."""
        return {task: Counter(STATES[kind]) for task, kind in self.sent.items()}

    def settings(self) -> dict[str, dict[str, str]]:
        """Return the settings of the application that takes the reports."""
        return {
            "notifiers": {"state_directory": str(self.folder / "state"), "poll_seconds": "0.05"},
            "messaging": {"event_notifications_enabled": "true", "event_notification_url": self.rabbitmq.url},
        }

    def environ(self) -> dict[str, str]:
        """Return the environment of programs that send or run tasks."""
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
        """Run a worker for the duration of a block; it must end by itself after SIGTERM."""
        log = self.folder / "worker.log"
        command = [sys.executable, "-m", "celery", "-A", application, "worker"]
        command += ["-l", "WARNING", "--without-gossip", "--without-mingle", "-n", f"{self.queue}@here", *options]
        with log.open("wb") as output:
            process = subprocess.Popen(command, env=self.environ(), cwd=EXAMPLES, stdout=output, stderr=output)
        try:
            wait_until(
                lambda: process.poll() is not None or self.client.control.ping([f"{self.queue}@here"], timeout=0.5),
                log.read_text,
            )
            yield process
            process.send_signal(signal.SIGTERM)
            assert 0 == process.wait(SECONDS), log.read_text()
        finally:
            process.kill()
            process.wait()
