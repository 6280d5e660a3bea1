"""The mark that keeps an installation's own messages away from its sources, on a real RabbitMQ."""

from typing import Any

import pika
import pytest

from pulp_notifiers.broker import Broker, Deadline, Subscription, SubscriptionForm, own_mark
from pulp_notifiers.broker.own_messages import supports_marks
from tests.harness.rabbitmq import RabbitMQ
from tests.support.amqp import channel_of

SECONDS = 60.0


@pytest.mark.parametrize(
    ("without", "expected"),
    [
        (own_mark("0123456789abcdef"), [b"foreign"]),
        (own_mark("another"), [b"own", b"foreign"]),
        (None, [b"own", b"foreign"]),
    ],
)
def test_a_subscription_leaves_out_messages_with_its_mark(
    without: str | None, expected: list[bytes], rabbitmq: RabbitMQ
) -> None:
    """And no others."""
    form = SubscriptionForm("marks", "tasks.#", "marks-queue", 10, without)
    deadline = Deadline(SECONDS)
    subscription = Subscription(Broker([rabbitmq.url]).connect(deadline), form, deadline)
    marked = pika.BasicProperties(headers={"BCC": [own_mark("0123456789abcdef")]})
    with channel_of(rabbitmq) as channel:
        channel.confirm_delivery()

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
    """They may leave the header in the message for all to see."""
    assert not supports_marks({} if product is None else {"product": product})


def test_rabbitmq_is_recognised_by_its_product_name(rabbitmq: RabbitMQ) -> None:
    """So messages to it are marked."""
    connection = Broker([rabbitmq.url]).connect(Deadline(SECONDS))

    assert supports_marks(connection.connection.server_properties)
    connection.release()
