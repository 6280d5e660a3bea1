"""The amqp notifier over AMQP 1.0, to RabbitMQ and to Proton's example broker, read by Proton's own client."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pika
import pytest
from pulp_notifier_amqp import AmqpNotifier

from pulp_notifiers.event import Event
from pulp_notifiers.settings import Settings
from pulp_notifiers.testing.contract import NotifierContract
from pulp_notifiers.testing.plugins import LoadedNotifier
from tests.harness.proton_broker import ProtonBroker
from tests.harness.rabbitmq import RabbitMQ
from tests.support.qpid_pulp import qpid_url

proton = pytest.importorskip("proton", reason="python-qpid-proton is not installed")
utils = pytest.importorskip("proton.utils")

FILE = Path(__file__).parents[3] / "tests" / "legacy" / "vectors" / "notifier_amqp_legacy.json"
VECTORS = [vector for vector in json.loads(FILE.read_text())["vectors"] if "qpid010" in vector["expect"]]
SECONDS = 60


@pytest.fixture(params=["rabbitmq", "proton_broker"])
def server(request: pytest.FixtureRequest) -> RabbitMQ | ProtonBroker:
    """Return each server in turn."""
    found: RabbitMQ | ProtonBroker = request.getfixturevalue(request.param)
    return found


@contextmanager
def loaded(url: str, **messaging: str) -> Iterator[LoadedNotifier]:
    """Provide the notifier as the engine has it."""
    section = Settings({"messaging": {"url": url, **messaging}}).section
    notifier = LoadedNotifier("amqp", AmqpNotifier, section)
    try:
        yield notifier
    finally:
        notifier.close()


@contextmanager
def reading(server: RabbitMQ | ProtonBroker, exchange: str) -> Iterator[Any]:
    """Yield a receiver of what is published to an exchange; on the example broker that is a queue."""
    connection = utils.BlockingConnection(qpid_url(server, "amqp"), timeout=SECONDS)
    address = f"/exchange/{exchange}/pulp.server.%23" if isinstance(server, RabbitMQ) else exchange
    try:
        yield connection.create_receiver(address.replace("%23", "#"), credit=10)
    finally:
        connection.close()


def declare(server: RabbitMQ | ProtonBroker, exchange: str) -> None:
    """Create an exchange, which RabbitMQ's AMQP 1.0 cannot."""
    if isinstance(server, RabbitMQ):
        with pika.BlockingConnection(pika.ConnectionParameters("127.0.0.1", server.port)) as connection:
            connection.channel().exchange_declare(exchange, "topic")


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["id"])
def test_the_message_is_that_of_pulp_2(vector: Any, server: RabbitMQ | ProtonBroker) -> None:
    """The bare event as bytes without a content type, and the subject; the message id is the event's."""
    given, expected = vector["given"], vector["expect"]["qpid010"]
    body = given["event"]
    event = Event(body["event_type"], body["payload"], body["call_report"])
    declare(server, "pulp")
    with reading(server, expected["exchange"]) as receiver, loaded(qpid_url(server)) as notifier:
        notifier.send(event, notifier.parse(given["config"]), "", attempt=1)
        message = receiver.receive(timeout=SECONDS)

    assert expected["body_json"] == json.loads(bytes(message.body))
    assert (expected["routing_key"], expected["message_headers"]) == (message.subject, message.properties)
    assert (str(event.id), True, True) == (str(message.id), message.durable, message.inferred)
    assert "None" == str(message.content_type)  # proton's way to say that there is none


def test_a_client_of_amqp_0_9_1_receives_the_same_as_from_an_amqp_0_9_1_publisher(rabbitmq: RabbitMQ) -> None:
    """But for headers that RabbitMQ adds, in which it keeps parts of AMQP 1.0."""
    event = Event("repo.sync.finish", {"repo_id": "Zoo für Löwen"}, id=UUID("8d7c0f0a-0000-4000-8000-000000000001"))
    with pika.BlockingConnection(pika.ConnectionParameters("127.0.0.1", rabbitmq.port)) as connection:
        channel = connection.channel()
        queue = channel.queue_declare("", exclusive=True).method.queue
        channel.queue_bind(queue, "amq.topic", "pulp.server.#")
        found = []
        for url in (rabbitmq.url, qpid_url(rabbitmq)):
            with loaded(url) as notifier:
                notifier.send(event, notifier.parse({}), "", attempt=1)
            found.append(channel.basic_get(queue, auto_ack=True))

    [(_, first, body), (method, properties, same_body)] = found
    assert (body, "pulp.server.repo.sync.finish") == (same_body, method.routing_key)
    assert (first.message_id, first.delivery_mode) == (properties.message_id, properties.delivery_mode)
    assert properties.content_type is None


def test_a_form_of_addresses_can_be_set(proton_broker: ProtonBroker) -> None:
    """For servers that name exchanges in another way."""
    with (
        reading(proton_broker, "topic://here/pulp") as receiver,
        loaded(qpid_url(proton_broker), amqp10_address="topic://here/{exchange}") as notifier,
    ):
        notifier.send(Event("repo.sync.start", {}), notifier.parse({"exchange": "pulp"}), "", attempt=1)

        assert "pulp.server.repo.sync.start" == receiver.receive(timeout=SECONDS).subject


class TestAmqpNotifierOverAmqp10(NotifierContract):
    """A RabbitMQ that is spoken to in AMQP 1.0, with an exchange for the listener."""

    notifier = AmqpNotifier
    failing_options = ({"exchange": "amq.of-nobody"}, {"exchange": "missing"})
    invalid_options = (({"exchange": "x" * 300}, ["exchange"]),)

    @pytest.fixture(autouse=True)
    def _queue(self, rabbitmq: RabbitMQ) -> Iterator[None]:
        self.options = {"exchange": f"contract-{uuid4()}"}
        self.settings = {"messaging": {"url": qpid_url(rabbitmq)}}
        with pika.BlockingConnection(pika.ConnectionParameters("127.0.0.1", rabbitmq.port)) as connection:
            self.channel = connection.channel()
            self.channel.exchange_declare(self.options["exchange"], "topic", auto_delete=True)
            self.queue = self.channel.queue_declare("", exclusive=True).method.queue
            self.channel.queue_bind(self.queue, self.options["exchange"], "pulp.server.#")
            yield

    def received(self, count: int) -> list[str]:
        """Return the message ids in the queue, where every confirmed message is."""
        return [self.channel.basic_get(self.queue, auto_ack=True)[1].message_id for _ in range(count)]


class TestAmqp10ServerAway(NotifierContract):
    """No server listens at the URL, which contains a secret password."""

    notifier = AmqpNotifier
    settings = {"messaging": {"url": "qpid://joe:in-the-url@127.0.0.1:9/"}}
    failing_options = ({},)
    secrets = ("in-the-url",)
    reachable = False
