"""A sender of AMQP messages."""

import json
from functools import partial

import amqp

from ...rounds import Figures
from ..events import EVENT_TYPE, body
from .loop import send_in_loop

PY_AMQP = "py-amqp, one connection, each confirmed"
EXCHANGE, KEY = "amq.topic", f"pulp.server.{EVENT_TYPE}"


def measure(port: int, count: int) -> Figures:
    """Return how fast py-amqp publishes."""
    with amqp.Connection(f"127.0.0.1:{port}", confirm_publish=True) as connection:
        channel = connection.channel()
        return send_in_loop(partial(_publish, channel), count)


def _publish(channel: amqp.Channel, number: int) -> None:
    content = json.dumps(body(number)).encode()
    message = amqp.Message(content, content_type="application/json", content_encoding="utf-8", delivery_mode=2)
    channel.basic_publish(message, EXCHANGE, KEY)
