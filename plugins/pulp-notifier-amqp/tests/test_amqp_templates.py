"""Messages from templates."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pika
import pytest
from pulp_notifier_amqp import AmqpConfig, AmqpNotifier, render

from pulp_notifiers.event import Event
from pulp_notifiers.notifier import SendContext
from pulp_notifiers.settings import Settings
from pulp_notifiers.testing.plugins import LoadedNotifier
from tests.harness.rabbitmq import RabbitMQ

EVENT = Event("repo.sync.finish", {"repo_id": "zoo"})


def test_without_a_template_nothing_changes() -> None:
    """So it is with a context that has nothing rendered."""
    assert render(EVENT, AmqpConfig(), "x") == render(EVENT, AmqpConfig(), "x", SendContext())


def test_a_message_has_the_rendered_key_and_body() -> None:
    """What the template leaves out is Pulp 2's; why it failed is in a header."""
    text = render(EVENT, AmqpConfig(), "x", SendContext(rendered={"routing_key": "zoo.é", "body": "é"}))
    json = render(EVENT, AmqpConfig(), "x", SendContext(rendered={"json": {"é": 1}}, problem="No é."))

    assert ("zoo.é", "é".encode(), "text/plain; charset=utf-8", {}) == (
        text.routing_key,
        text.body,
        text.content_type,
        text.headers,
    )
    assert ("pulp.server.repo.sync.finish", b'{"\\u00e9": 1}', "application/json") == (
        json.routing_key,
        json.body,
        json.content_type,
    )
    assert {"Pulp-Template-Problem": "No é."} == json.headers


def test_parts_that_cannot_be_sent_are_refused() -> None:
    """Two bodies when the template is saved, a wrong key when it is rendered."""
    loaded = LoadedNotifier("amqp", AmqpNotifier)

    assert ["json"] == [*loaded.template_problems({"body": "x", "json": {}})]
    assert not loaded.template_problems({"body": "x", "routing_key": "y"})
    for key, is_right in (("", False), ("é" * 128, False), ("é" * 127, True), ("a.b", True)):
        assert is_right == (loaded.rendered_problem({"routing_key": key}) is None), key
    assert loaded.rendered_problem({"body": ""}) is None


@pytest.fixture
def channel(rabbitmq: RabbitMQ) -> Iterator[Any]:
    """Return a channel of pika."""
    connection = pika.BlockingConnection(pika.ConnectionParameters("127.0.0.1", rabbitmq.port))
    yield connection.channel()
    connection.close()


def test_a_consumer_gets_what_the_template_makes(rabbitmq: RabbitMQ, channel: Any) -> None:
    """It is routed by the rendered key."""
    queue = channel.queue_declare("", exclusive=True).method.queue
    channel.queue_bind(queue, "amq.topic", "ops.*")
    loaded = LoadedNotifier("amqp", AmqpNotifier, Settings({"messaging": {"url": rabbitmq.url}}, Path("x")).section)

    rendered = {"routing_key": "ops.zoo", "json": {"repository": "zoo"}}
    loaded.send(EVENT, loaded.parse({}), "", 1, SendContext(rendered=rendered, problem="Why."))
    loaded.close()

    method, properties, body = channel.basic_get(queue, auto_ack=True)
    assert ("ops.zoo", b'{"repository": "zoo"}') == (method.routing_key, body)
    assert ("application/json", {"Pulp-Template-Problem": "Why."}) == (properties.content_type, properties.headers)
