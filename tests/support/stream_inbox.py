"""The task-status stream on a real RabbitMQ, read back by another client, pika."""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pika
import pytest

from pulp_notifiers.task_stream import StatusPublisher
from tests.harness.rabbitmq import RabbitMQ
from tests.support.amqp import channel_of

VECTORS = Path(__file__).parent.parent / "legacy" / "vectors" / "task_status_messages.json"
RECORDED = [vector for vector in json.loads(VECTORS.read_text())["vectors"] if "amqp091" in vector.get("expect", ())]


class StreamInbox:
    """A queue that survives the server and its connections, bound to the stream's exchange."""

    def __init__(self, rabbitmq: RabbitMQ, name: str, binding: str = "tasks.#") -> None:
        self.rabbitmq, self.name = rabbitmq, name
        with self.channel() as channel:
            channel.exchange_declare("pulp.api.v2", "topic", durable=True)
            channel.queue_declare(name, durable=True)
            channel.queue_bind(name, "pulp.api.v2", binding)

    @contextmanager
    def channel(self) -> Iterator[Any]:
        with channel_of(self.rabbitmq) as channel:
            yield channel

    def messages(self) -> list[tuple[Any, Any, bytes]]:
        """Return all messages that have arrived."""
        found = []
        with self.channel() as channel:
            while (message := channel.basic_get(self.name, auto_ack=True))[2] is not None:
                found.append(message)
        return found

    def numbers(self) -> list[int]:
        """Return the numbers of the reports that have arrived."""
        return [json.loads(body)["progress_report"]["number"] for _, _, body in self.messages()]

    def delete(self) -> None:
        with self.channel() as channel:
            channel.queue_delete(self.name)


@contextmanager
def closing(publisher: StatusPublisher) -> Iterator[StatusPublisher]:
    """Close a publisher at the end of a block."""
    try:
        yield publisher
    finally:
        publisher.close()


def stream_log(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    """Return what the product logged."""
    return [record for record in caplog.records if record.name.startswith("pulp_notifiers")]


def levels(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return the levels at which the product logged."""
    return [record.levelname for record in stream_log(caplog)]


def texts(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return the texts that the product logged."""
    return [record.getMessage() for record in stream_log(caplog)]


def assert_as_recorded(vector: Any, message: tuple[Any, Any, bytes]) -> None:
    """Compare a message with a vector: every property, and every byte."""
    method, properties, body = message
    expected = vector["expect"]["amqp091"]
    assert expected["basic_publish"]["exchange"] == method.exchange
    assert expected["basic_publish"]["routing_key"] == method.routing_key
    assert pika.BasicProperties(**expected["properties"]) == properties
    assert [] == [name for name in expected["properties_absent"] if getattr(properties, name) is not None]
    assert expected["body_exact"].encode() == body
