"""What a consumer receives of a published message."""

import os
from dataclasses import replace
from typing import Any

import pika
import pytest

from pulp_notifiers.broker import Publisher
from tests.support.amqp import Inbox
from tests.support.publishing import KEY, MESSAGE


def test_a_message_arrives_with_its_routing_key_and_body(publisher: Publisher, inbox: Inbox) -> None:
    """When publish() returns, the server has it."""
    publisher.publish(MESSAGE)

    method, _properties, body = inbox.get()
    assert ("amq.topic", KEY) == (method.exchange, method.routing_key)
    assert MESSAGE.body == body


def test_a_message_has_exactly_the_properties_that_were_set(publisher: Publisher, inbox: Inbox) -> None:
    """A property that is None is not sent; the table of headers is sent empty."""
    publisher.publish(MESSAGE)

    _method, properties, _body = inbox.get()
    assert pika.BasicProperties(message_id="8d7c0f0a", delivery_mode=2, headers={}) == properties


def test_every_property_can_be_set(publisher: Publisher, inbox: Inbox) -> None:
    """The task-status stream sets content type, encoding and priority, as Pulp 2 did."""
    properties: dict[str, Any] = {
        "content_type": "application/data",
        "content_encoding": "binary",
        "priority": 0,
    }

    publisher.publish(replace(MESSAGE, headers={"x": "y"}, message_id=None, delivery_mode=1, **properties))

    assert pika.BasicProperties(headers={"x": "y"}, delivery_mode=1, **properties) == inbox.get()[1]


@pytest.mark.parametrize("size", [0, 1, 131_064, 131_072, 3_000_000])
def test_a_message_of_any_size_arrives_whole(size: int, publisher: Publisher, inbox: Inbox) -> None:
    """Also if it takes several frames."""
    body = os.urandom(size)

    publisher.publish(replace(MESSAGE, body=body))

    assert body == inbox.get()[2]


def test_an_unroutable_message_is_not_a_failure(publisher: Publisher) -> None:
    """A topic exchange without bindings accepts every message."""
    publisher.publish(replace(MESSAGE, routing_key="nobody.listens"))
