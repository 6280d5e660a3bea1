"""A subscription on a real RabbitMQ, whatever others publish."""

import struct
from typing import Any

import pika
import pytest

from pulp_notifiers.broker import Broker, Deadline, Subscription, SubscriptionForm
from tests.harness.rabbitmq import RabbitMQ
from tests.support.amqp import channel_of

EXCHANGE = "odd.messages"
CONTENT_TYPE_AND_HEADERS = 1 << 15 | 1 << 13


class Headers(pika.BasicProperties):
    """Headers that pika would not write.

    :param table: the encoded table without its length.
    """

    def __init__(self, table: bytes) -> None:
        super().__init__()
        self._table = table

    def encode(self) -> list[bytes]:
        """Return the pieces of the property list."""
        content_type = b"\x0aamqp/plain"
        return [
            struct.pack(">H", CONTENT_TYPE_AND_HEADERS),
            content_type,
            struct.pack(">I", len(self._table)),
            self._table,
        ]


def item(kind: bytes, value: bytes) -> bytes:
    return b"\x01a" + kind + value


def nested(levels: int) -> bytes:
    table = b""
    for _ in range(levels):
        table = item(b"F", struct.pack(">I", len(table)) + table)
    return table


ODD: dict[str, tuple[bytes, bytes, pika.BasicProperties]] = {
    "an empty body": (b"tasks.1", b"", pika.BasicProperties()),
    "an empty body and a property that is not UTF-8": (b"tasks.1", b"", pika.BasicProperties(message_id=b"\xff")),
    "a property that is not UTF-8": (b"tasks.1", b"odd", pika.BasicProperties(content_type=b"caf\xe9")),
    "a routing key that is not UTF-8": (b"tasks.\xff\xfe", b"odd", pika.BasicProperties()),
    "a header with a day after the last": (b"tasks.1", b"odd", Headers(item(b"T", struct.pack(">Q", 2**62)))),
    "headers within headers": (b"tasks.1", b"odd", Headers(nested(5000))),
}


@pytest.mark.parametrize("what", ODD)
def test_an_odd_message_does_not_block_those_behind_it(what: str, rabbitmq: RabbitMQ) -> None:
    """However odd it is, it is received like any other, and can be acknowledged."""
    routing_key, body, properties = ODD[what]
    form = SubscriptionForm(exchange=EXCHANGE, binding="tasks.#", queue=f"{EXCHANGE} {what}", prefetch=10)
    subscription = Subscription(Broker([rabbitmq.url]).connect(Deadline(60)), form, Deadline(60))

    try:
        publish(rabbitmq, (routing_key, body, properties), (b"tasks.2", b"behind it", pika.BasicProperties()))
        received = subscription.receive(60)
        if len(received) < 2:
            received += subscription.receive(60)
        subscription.acknowledge(received[-1], Deadline(60))
        waiting = subscription.look(Deadline(60))
    finally:
        subscription.discard()

    assert [body, b"behind it"] == [message.body for message in received]
    assert "tasks." == received[0].routing_key[:6]
    assert 0 == waiting


def publish(rabbitmq: RabbitMQ, *messages: tuple[bytes, bytes, Any]) -> None:
    with channel_of(rabbitmq) as channel:
        channel.confirm_delivery()
        for routing_key, body, properties in messages:
            channel.basic_publish(EXCHANGE, routing_key, body, properties)
