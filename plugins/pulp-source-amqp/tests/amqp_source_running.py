"""Runs the amqp source on a real RabbitMQ, to which pika publishes like Pulp 2."""

import json
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pika
from pulp_source_amqp import AmqpSource

from pulp_notifiers.testing.source import RecordingIntake
from tests.harness.rabbitmq import RabbitMQ

INSTALLATION = "0123456789abcdef"
NATIVE = pika.BasicProperties(
    content_type="application/data", content_encoding="binary", delivery_mode=2, priority=0, headers={}
)


class Pulp2:
    """Publishes to the exchange of a RabbitMQ like the stream of Pulp 2.7."""

    def __init__(self, rabbitmq: RabbitMQ) -> None:
        self._rabbitmq = rabbitmq

    @contextmanager
    def channel(self) -> Iterator[Any]:
        connection = pika.BlockingConnection(pika.ConnectionParameters("127.0.0.1", self._rabbitmq.port))
        try:
            yield connection.channel()
        finally:
            connection.close()

    def publish(self, *messages: tuple[bytes, pika.BasicProperties]) -> None:
        with self.channel() as channel:
            channel.exchange_declare("pulp.api.v2", "topic", durable=True)
            channel.confirm_delivery()
            for body, properties in messages:
                channel.basic_publish("pulp.api.v2", "tasks.3f2a9c1e", body, properties)

    def publish_tasks(self, *documents: Mapping[str, Any]) -> None:
        self.publish(*((json.dumps(document).encode(), NATIVE) for document in documents))


def queue_of(intake: RecordingIntake) -> str:
    return f"pulp-notifiers.{intake.installation}.{intake.source}"


def config(rabbitmq: RabbitMQ, **options: Any) -> Any:
    return AmqpSource.Config(url=rabbitmq.url, **options)


@contextmanager
def reading(intake: RecordingIntake, rabbitmq: RabbitMQ, check_seconds: float = 0.2, **options: Any) -> Iterator[None]:
    """Run the source; the block starts once it reads, right after it has looked at the server."""
    before = len(intake.status_updates)
    with intake.running(AmqpSource(check_seconds=check_seconds), config(rabbitmq, **options)):
        intake.wait_until(lambda: len(intake.status_updates) > before)
        yield


def end_of_reading(
    intake: RecordingIntake, rabbitmq: RabbitMQ, trouble: Callable[[], Any], check_seconds: float = 0.2
) -> str:
    """Return the exception that ends a run after trouble that starts once it reads."""
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(AmqpSource(check_seconds=check_seconds).run, config(rabbitmq), intake)
        try:
            intake.wait_until(lambda: bool(intake.status_updates))
            trouble()
            return repr(running.exception(timeout=60))
        finally:
            intake.stopping.set()


def task(number: int, state: str, action: str = "sync", **fields: Any) -> dict[str, Any]:
    """Return the record of a task, each with its own repository."""
    return {
        "_id": {"$oid": f"{number:024x}"},
        "task_id": f"00000000-0000-4000-8000-{number:012d}",
        "tags": [f"pulp:repository:zoo-{number}", f"pulp:action:{action}"],
        "state": state,
        "spawned_tasks": [],
        "progress_report": {},
        "start_time": "2016-04-29T16:19:55Z",
        "_ns": "task_status",
        **fields,
    }


def summaries(intake: RecordingIntake) -> list[tuple[str, str, Any]]:
    """Return type, repository and result of each event."""
    return [(event.type, event.payload["repo_id"], event.payload.get("result")) for event in intake.events]
