"""The mark by which an installation's sources know its own messages, on a real RabbitMQ that pika reads from."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pika
import pytest

from pulp_notifiers.broker import Broker, Deadline, StreamOpener, Subscription, SubscriptionForm, own_mark
from pulp_notifiers.broker.own_messages import supports_marks
from pulp_notifiers.task import TaskReport
from pulp_notifiers.task_stream import StatusPublisher, StreamOptions
from pulp_notifiers.task_stream.document import FORM
from tests.harness.rabbitmq import RabbitMQ

VECTORS = Path(__file__).parent.parent / "legacy" / "vectors" / "task_status_messages.json"
RECORDED = [vector for vector in json.loads(VECTORS.read_text())["vectors"] if "amqp091" in vector.get("expect", ())]
SECONDS = 60.0


@pytest.fixture
def channel(rabbitmq: RabbitMQ) -> Iterator[Any]:
    """Return a channel of pika's."""
    connection = pika.BlockingConnection(
        pika.ConnectionParameters("127.0.0.1", rabbitmq.port, socket_timeout=SECONDS, heartbeat=0)
    )
    yield connection.channel()
    connection.close()


@pytest.fixture
def publisher(rabbitmq: RabbitMQ) -> Iterator[StatusPublisher]:
    """Return a publisher whose messages bear the mark of the installation 0123456789abcdef."""
    form = replace(FORM, mark=own_mark("0123456789abcdef"))
    patient = StreamOptions(send_seconds=SECONDS, slow_seconds=SECONDS, silent_seconds=SECONDS)
    made = StatusPublisher(StreamOpener(Broker([rabbitmq.url]), form, SECONDS), patient)
    yield made
    made.close()


@pytest.mark.parametrize("vector", RECORDED, ids=lambda vector: vector["id"])
@pytest.mark.parametrize("binding", ["tasks.#", "#"])
def test_a_marked_message_is_as_recorded(vector: Any, binding: str, publisher: StatusPublisher, channel: Any) -> None:
    """Every property, with an empty table of headers, and every byte; and it comes once."""
    expected = vector["expect"]["amqp091"]
    channel.exchange_declare("pulp.api.v2", "topic", durable=True)
    queue = channel.queue_declare("", exclusive=True).method.queue
    channel.queue_bind(queue, "pulp.api.v2", binding)

    publisher.publish(TaskReport.from_record(vector["given"]["task_status"]))
    assert publisher.flush(SECONDS)

    method, properties, body = channel.basic_get(queue, auto_ack=True)
    assert ("pulp.api.v2", expected["basic_publish"]["routing_key"]) == (method.exchange, method.routing_key)
    assert pika.BasicProperties(**expected["properties"]) == properties
    assert {} == properties.headers
    assert [] == [name for name in expected["properties_absent"] if getattr(properties, name) is not None]
    assert expected["body_exact"].encode() == body
    assert (None, None, None) == channel.basic_get(queue)


@pytest.mark.parametrize(
    ("without", "expected"),
    [
        (own_mark("0123456789abcdef"), [b"foreign"]),
        (own_mark("another"), [b"own", b"foreign"]),
        (None, [b"own", b"foreign"]),
    ],
)
def test_a_subscription_leaves_out_what_bears_its_mark(
    without: str | None, expected: list[bytes], rabbitmq: RabbitMQ, channel: Any
) -> None:
    """And nothing else."""
    form = SubscriptionForm("marks", "tasks.#", "marks-queue", 10, without)
    deadline = Deadline(SECONDS)
    subscription = Subscription(Broker([rabbitmq.url]).connect(deadline), form, deadline)
    channel.confirm_delivery()
    marked = pika.BasicProperties(headers={"BCC": [own_mark("0123456789abcdef")]})

    channel.basic_publish("marks", "tasks.1", b"own", marked)
    channel.basic_publish("marks", "other.1", b"not bound", pika.BasicProperties())
    channel.basic_publish("marks", "tasks.2", b"foreign", pika.BasicProperties())

    received = []
    while len(received) < len(expected):
        received += subscription.receive(SECONDS)
    subscription.close(SECONDS)
    assert expected == [message.body for message in received]
    channel.queue_delete("marks-queue")
    for exchange in ("marks", "marks-queue.in", "marks-queue.own", "marks-queue.foreign"):
        channel.exchange_delete(exchange)


@pytest.mark.parametrize("product", ["Qpid", "LavinMQ", None, 5])
def test_other_servers_get_no_marks(product: Any) -> None:
    """They may leave them in the message for all to see."""
    assert not supports_marks({} if product is None else {"product": product})


def test_rabbitmq_says_who_it_is(rabbitmq: RabbitMQ) -> None:
    """So its messages are marked."""
    connection = Broker([rabbitmq.url]).connect(Deadline(SECONDS))

    assert supports_marks(connection.connection.server_properties)
    connection.release()
