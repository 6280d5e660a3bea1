"""What people and programs get about a sync on a real Pulp 3: by mail, by webhook and over AMQP."""

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pika
import pytest

from pulp_notifiers.testing.http import HttpReceiver
from pulp_notifiers.testing.smtp import SmtpReceiver
from tests.harness.pulp3 import Pulp3
from tests.harness.rabbitmq import RabbitMQ
from tests.support.pages import DOCS
from tests.support.pulp3_watched import watch
from tests.support.service import Service
from tests.support.waiting import wait_until

PATIENCE_SECONDS = 120.0
API = "/pulp/api/v3/notifications/"
FINISH = "repo.sync.finish"
QUEUE = "messages-of-pulp3"


@dataclass
class Receivers:
    """A mailbox, a webhook and a queue."""

    mail: SmtpReceiver
    web: HttpReceiver
    channel: Any

    def mails(self) -> list[Any]:
        """Return the events in the received mails."""
        return [json.loads(mail.message.get_content()) for mail in self.mail.mails]

    def requests(self) -> list[Any]:
        """Return the events in the received requests."""
        return [request.json() for request in self.web.requests]

    def next_message(self) -> Any:
        """Return the event in the next message of the queue."""
        wait_until(
            lambda: self.channel.queue_declare(QUEUE, passive=True).method.message_count, seconds=PATIENCE_SECONDS
        )
        return json.loads(self.channel.basic_get(QUEUE, auto_ack=True)[2])


@pytest.fixture
def receivers(rabbitmq: RabbitMQ) -> Iterator[Receivers]:
    """Yield real receivers on loopback ports."""
    with ExitStack() as stack:
        parameters = pika.ConnectionParameters("127.0.0.1", rabbitmq.port, socket_timeout=60, heartbeat=0)
        connection = pika.BlockingConnection(parameters)
        stack.callback(connection.close)
        channel = connection.channel()
        channel.queue_declare(QUEUE)
        stack.callback(channel.queue_delete, QUEUE)
        channel.queue_bind(QUEUE, "amq.topic", "pulp.server.#")
        yield Receivers(stack.enter_context(SmtpReceiver()), stack.enter_context(HttpReceiver()), channel)


@pytest.fixture
def service(rabbitmq: RabbitMQ, receivers: Receivers, tmp_path: Path) -> Iterator[Service]:
    """Yield a service that can reach the receivers, with listeners for ends of syncs."""
    mail = {"EMAIL_ENABLED": "true", "EMAIL_HOST": receivers.mail.host, "EMAIL_PORT": str(receivers.mail.port)}
    sender = {"EMAIL_FROM": "pulp@pulp.example.com"}
    with Service(tmp_path, MESSAGING_URL=rabbitmq.url, **mail, **sender) as running:
        for notifier, config in (
            ("email", {"format": "legacy", "subject": "A sync has ended", "addresses": ["ops@example.com"]}),
            ("http", {"url": f"{receivers.web.url}hook"}),
            ("amqp", {}),
        ):
            listener = {"notifier_type": notifier, "config": config, "event_types": [FINISH]}
            running.call("POST", f"{API}listeners/", 201, json=listener)
        yield running


def sync(pulp3: Pulp3, name: str) -> str:
    """Sync a repository from a remote that exists or not; return the final state of the task."""
    repository = pulp3.api.create_repository(f"messages-{name}", pulp3.remote.url(f"messages-{name}"))
    return str(pulp3.api.wait(pulp3.api.sync(repository))["state"])


@contextmanager
def shown(capsys: pytest.CaptureFixture[str]) -> Iterator[None]:
    """Show what the block prints."""
    with capsys.disabled():
        print()
        yield
        print()


def keys(event: Any) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the keys of an event's parts."""
    return tuple(sorted(event["payload"])), tuple(sorted(event["call_report"]))


def example_mail() -> Any:
    """Return the event in the mail that the documentation shows."""
    return json.loads((DOCS / "examples" / "pulp3-mail.txt").read_text(encoding="utf-8").partition("\n\n")[2])


def example_webhook() -> Any:
    """Return the event that the documentation shows."""
    return json.loads((DOCS / "examples" / "pulp3-webhook.json").read_text(encoding="utf-8"))


def test_a_failed_and_a_finished_sync_reach_every_receiver(
    pulp3: Pulp3, service: Service, receivers: Receivers, capsys: pytest.CaptureFixture[str]
) -> None:
    """They get the repository, how the sync ended and why, and how much it added; the documentation shows the same."""
    pulp3.remote.offer("messages-zoo", {"a.iso": b"a", "b.iso": b"b", "c.iso": b"c"})
    watch(service, pulp3, "messages-watcher")

    states = [sync(pulp3, "absent"), sync(pulp3, "zoo")]
    messages = [receivers.next_message() for _ in states]
    receivers.mail.wait_for(2, PATIENCE_SECONDS)
    receivers.web.wait_for(2, PATIENCE_SECONDS)
    service.wait_until_idle()

    with shown(capsys):
        [mail] = [one for one in receivers.mail.mails if b'"failed"' in one.content]
        print(mail.content.decode().replace("\r\n", "\n"))
        print(json.dumps(next(one for one in receivers.requests() if one["payload"]["result"] == "success"), indent=2))
    assert ["failed", "completed"] == states
    for events in (receivers.mails(), receivers.requests(), messages):
        failed, finished = sorted((event["payload"] for event in events), key=lambda payload: payload["repo_id"])
        assert ("messages-absent", "failed", None) == tuple(failed[key] for key in ("repo_id", "result", "added_count"))
        assert "404" in failed["error_message"]
        assert {"server": "pulp.example.com", "repo_id": "messages-zoo", "result": "success", "added_count": 3} == {
            key: finished[key] for key in ("server", "repo_id", "result", "added_count")
        }
        assert (None, True) == (finished["error_message"], finished["changed"])
        assert ["error", "finished"] == sorted(event["call_report"]["state"] for event in events)
        assert {keys(example_mail()), keys(example_webhook())} == set(map(keys, events))
