"""The amqp notifier passes the contract kit."""

import pika
import pytest
from pulp_notifier_amqp import AmqpNotifier

from pulp_notifiers.testing.contract import NotifierContract


class TestAmqpNotifier(NotifierContract):
    """A RabbitMQ with an exchange for the listener."""

    notifier = AmqpNotifier
    options = {"exchange": "contract"}
    failing_options = ({"exchange": "amq.of-nobody"},)
    invalid_options = (({"exchange": "x" * 300}, ["exchange"]),)

    @pytest.fixture(autouse=True)
    def _queue(self, rabbitmq):
        self.settings = {"messaging": {"url": rabbitmq.url}}
        connection = pika.BlockingConnection(pika.ConnectionParameters("127.0.0.1", rabbitmq.port))
        self.channel = connection.channel()
        self.channel.exchange_declare("contract", "topic")
        self.queue = self.channel.queue_declare("", exclusive=True).method.queue
        self.channel.queue_bind(self.queue, "contract", "pulp.server.#")
        yield
        connection.close()

    def received(self, count):
        """Return the message ids in the queue, where every confirmed message is."""
        return [self.channel.basic_get(self.queue, auto_ack=True)[1].message_id for _ in range(count)]


class TestBrokerAway(NotifierContract):
    """No server listens at the URL, which contains a secret password."""

    notifier = AmqpNotifier
    settings = {"messaging": {"url": "amqp://joe:in-the-url@127.0.0.1:9/"}}
    failing_options = ({},)
    secrets = ("in-the-url",)
    reachable = False
