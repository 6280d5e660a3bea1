"""What tests of the broker do on a real RabbitMQ with another client, pika."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pika
import pika.exceptions

from tests.harness.proton_broker import ProtonBroker
from tests.harness.rabbitmq import RabbitMQ

# The second call returns when the first has reached every connection.
_ALARM = "rabbit_alarm:{}_alarm({}), rabbit_alarm:get_alarms()"


class Inbox:
    """A queue bound to an exchange, on a connection of its own."""

    def __init__(self, port: int, exchange: str, binding: str = "#") -> None:
        address = pika.ConnectionParameters("127.0.0.1", port, socket_timeout=60)
        self.connection = pika.BlockingConnection(address)
        self.channel = self.connection.channel()
        self.queue = self.channel.queue_declare("", exclusive=True).method.queue
        self.channel.queue_bind(self.queue, exchange, binding)

    def get(self) -> tuple[Any, Any, bytes]:
        """Return the method, properties and body of the next message, which has arrived already."""
        method, properties, body = self.channel.basic_get(self.queue, auto_ack=True)
        assert body is not None, "there is no message"
        return method, properties, body

    def bodies(self) -> list[bytes]:
        """Return the bodies of all messages that have arrived."""
        found = []
        while (body := self.channel.basic_get(self.queue, auto_ack=True)[2]) is not None:
            found.append(body)
        return found


@contextmanager
def inbox_of(port: int, exchange: str = "amq.topic", binding: str = "#") -> Iterator[Inbox]:
    """Bind a queue for the duration of a block."""
    inbox = Inbox(port, exchange, binding)
    try:
        yield inbox
    finally:
        inbox.connection.close()


@contextmanager
def channel_of(rabbitmq: RabbitMQ) -> Iterator[Any]:
    """Open a channel for the duration of a block."""
    connection = pika.BlockingConnection(pika.ConnectionParameters("127.0.0.1", rabbitmq.port, socket_timeout=60))
    try:
        yield connection.channel()
    finally:
        connection.close()


def exists(rabbitmq: RabbitMQ, name: str) -> bool:
    """Return whether an exchange exists."""
    try:
        with channel_of(rabbitmq) as channel:
            channel.exchange_declare(name, passive=True)
    except pika.exceptions.ChannelClosedByBroker:
        return False
    return True


def connections(rabbitmq: RabbitMQ, *columns: str) -> list[str]:
    """Return these columns of each connection of ours, such as how many channels it has."""
    listed = rabbitmq.rows("connections", *columns, "client_properties")
    return ["\t".join(row[:-1]) for row in listed if '"pulp-notifiers"' in row[-1]]


def has_settled(rabbitmq: RabbitMQ, *channels: str) -> bool:
    """Return whether the server has just these connections of ours, once it has removed those that ended."""
    deadline = time.monotonic() + 60
    while (seen := connections(rabbitmq, "channels")) != list(channels) and time.monotonic() < deadline:
        time.sleep(0.02)
    return seen == list(channels)


@contextmanager
def paused(server: RabbitMQ | ProtonBroker) -> Iterator[None]:
    """Freeze a server for the duration of a block."""
    server.pause()
    try:
        yield
    finally:
        server.resume()


@contextmanager
def short_of_memory(rabbitmq: RabbitMQ) -> Iterator[None]:
    """Have the server raise its memory alarm for the duration of a block."""
    rabbitmq.evaluate(_ALARM.format("set", "{{resource_limit, memory, node()}, []}"))
    try:
        yield
    finally:
        rabbitmq.evaluate(_ALARM.format("clear", "{resource_limit, memory, node()}"))
