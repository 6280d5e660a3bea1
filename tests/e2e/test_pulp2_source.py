"""A Pulp 2 server publishes, and receivers of the service get events: the amqp source in a real service."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pika

from pulp_notifiers.app import App
from pulp_notifiers.records import SourceDraft
from pulp_notifiers.settings import Settings
from pulp_notifiers.testing.http import HttpReceiver
from tests.harness.rabbitmq import RabbitMQ
from tests.support.service import Service
from tests.support.waiting import wait_until

NATIVE = pika.BasicProperties(
    content_type="application/data", content_encoding="binary", delivery_mode=2, priority=0, headers={}
)


def document(number: int, state: str, **fields: Any) -> dict[str, Any]:
    """Return the record of a sync; each number has its own repository."""
    return {
        "_id": {"$oid": f"{number:024x}"},
        "task_id": f"00000000-0000-4000-8000-{number:012d}",
        "tags": [f"pulp:repository:zoo-{number}", "pulp:action:sync"],
        "state": state,
        "spawned_tasks": [],
        "progress_report": {},
        "start_time": "2016-04-29T16:19:55Z",
        "_ns": "task_status",
        **fields,
    }


@contextmanager
def channel_of(rabbitmq: RabbitMQ) -> Iterator[Any]:
    connection = pika.BlockingConnection(
        pika.ConnectionParameters("127.0.0.1", rabbitmq.port, socket_timeout=60, heartbeat=0)
    )
    try:
        yield connection.channel()
    finally:
        connection.close()


def publish(rabbitmq: RabbitMQ, *documents: dict[str, Any]) -> None:
    """Publish as Pulp 2 did."""
    with channel_of(rabbitmq) as channel:
        channel.confirm_delivery()
        for each in documents:
            channel.basic_publish("pulp.api.v2", f"tasks.{each['task_id']}", json.dumps(each).encode(), NATIVE)


@contextmanager
def serving(rabbitmq: RabbitMQ, folder: Path, name: str) -> Iterator[Service]:
    """Yield a service that reads the stream, and publishes to the same exchange."""
    own_stream = {
        "MESSAGING_EVENT_NOTIFICATIONS_ENABLED": "true",
        "MESSAGING_EVENT_NOTIFICATION_URL": rabbitmq.url,
    }
    observing = Settings({"notifiers": {"state_directory": str(folder / "state")}})
    with Service(folder, **own_stream) as service, App.from_settings(observing) as app:
        app.sources.add(SourceDraft(name, "amqp", {"url": rabbitmq.url}))
        queue = f"pulp-notifiers.{app.store.installation()}.{name}"

        with channel_of(rabbitmq) as channel:
            channel.queue_declare(queue, durable=True, arguments={"x-expires": 30 * 24 * 3600 * 1000})
            wait_until(lambda: channel.queue_declare(queue, passive=True).method.consumer_count, service.log.read_text)
        yield service
    with channel_of(rabbitmq) as channel:
        channel.queue_delete(queue)


def received(receiver: HttpReceiver) -> list[tuple[str, str, str | None]]:
    """Return type, repository and result of the events that the receiver got."""
    bodies = [json.loads(request.body) for request in receiver.requests]
    return [(body["event_type"], body["payload"]["repo_id"], body["payload"].get("result")) for body in bodies]


def test_a_receiver_gets_the_start_and_the_end_of_a_sync_in_pulp_2(rabbitmq: RabbitMQ, tmp_path: Path) -> None:
    """The end has the sync's record, and Pulp 2 needs no change."""
    record = {"importer_id": "yum_importer", "added_count": 14, "result": "success", "_ns": "repo_sync_results"}
    with HttpReceiver() as receiver, serving(rabbitmq, tmp_path, "pulp2") as service:
        service.register("http", {"url": receiver.url}, "*")

        publish(
            rabbitmq,
            document(1, "running"),
            *(document(1, "running", progress_report={"left": left}) for left in range(400)),
            document(1, "finished", finish_time="2016-04-29T16:20:01Z", result=record),
        )
        wait_until(lambda: len(receiver.requests) == 2, service.log.read_text)

        service.wait_until_idle()
        assert [("repo.sync.start", "zoo-1", None), ("repo.sync.finish", "zoo-1", "success")] == received(receiver)
        finish = json.loads(receiver.requests[1].body)
        assert 16 == len(finish["payload"])
        assert (14, "finished") == (finish["payload"]["added_count"], finish["call_report"]["state"])


def test_reports_that_the_service_publishes_do_not_come_back_to_it(rabbitmq: RabbitMQ, tmp_path: Path) -> None:
    """It ignores its own messages in the exchange that it publishes to and reads."""
    with HttpReceiver() as receiver, serving(rabbitmq, tmp_path, "both-ways") as service:
        service.register("http", {"url": receiver.url}, "*")

        service.call("POST", "/pulp/api/v3/notifications/tasks/", 202, json=document(1, "finished"))
        publish(rabbitmq, document(2, "finished"))
        wait_until(lambda: len(receiver.requests) >= 2, service.log.read_text)

        service.wait_until_idle()
        assert {"zoo-2"} == {repository for _, repository, _ in received(receiver)}


def test_a_kill_loses_nothing_and_repeats_nothing(rabbitmq: RabbitMQ, tmp_path: Path) -> None:
    """Messages that are delivered or published again cause no second event."""
    with HttpReceiver() as receiver, serving(rabbitmq, tmp_path, "killed") as service:
        service.register("http", {"url": receiver.url}, "repo.sync.finish")
        publish(rabbitmq, *(document(number, "finished") for number in range(100)))
        wait_until(lambda: receiver.requests, service.log.read_text)
        service.kill()
        publish(rabbitmq, *(document(number, "finished") for number in range(90, 110)))
        service.start()
        wait_until(lambda: len(by_id(receiver)) >= 110, service.log.read_text)

        service.wait_until_idle()
        repositories = [json.loads(request.body)["payload"]["repo_id"] for request in by_id(receiver).values()]
        assert sorted(f"zoo-{number}" for number in range(110)) == sorted(repositories)


def by_id(receiver: HttpReceiver) -> dict[str, Any]:
    """Return one request for each event, as a receiver that drops repeats sees them."""
    return {request.headers["Pulp-Event-Id"]: request for request in receiver.requests}
