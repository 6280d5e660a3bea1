"""A sender of AMQP messages."""

import json
import time

import amqp

from ...rounds import Figures
from ..events import EVENT_TYPE, body

PY_AMQP = "py-amqp, one connection, each confirmed"
EXCHANGE, KEY = "amq.topic", f"pulp.server.{EVENT_TYPE}"


def measure(port: int, count: int) -> Figures:
    """Return how fast py-amqp publishes."""
    with amqp.Connection(f"127.0.0.1:{port}", confirm_publish=True) as connection:
        channel = connection.channel()
        for number in range(20):
            _publish(channel, number)
        began, cpu = time.perf_counter(), time.process_time()
        for number in range(count):
            _publish(channel, number)
        seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    return {"rate": count / seconds, "cpu": cpu * 1000 / count}


def _publish(channel: amqp.Channel, number: int) -> None:
    content = json.dumps(body(number)).encode()
    message = amqp.Message(content, content_type="application/json", content_encoding="utf-8", delivery_mode=2)
    channel.basic_publish(message, EXCHANGE, KEY)
