"""Pulp 2 as a publisher through AMQP 1.0, with Proton's own API instead of the product's connection."""

import json
from base64 import b64encode
from typing import Any

import pytest

from tests.harness.proton_broker import ProtonBroker
from tests.harness.rabbitmq import RabbitMQ
from tests.support.amqp import channel_of
from tests.support.imitated_qpidd import ImitatedQpidd

proton = pytest.importorskip("proton", reason="python-qpid-proton is not installed")
utils = pytest.importorskip("proton.utils")

EXCHANGE = "pulp.api.v2"


def qpid_url(server: RabbitMQ | ProtonBroker | ImitatedQpidd, scheme: str = "amqp10") -> str:
    """Return the URL of a server that speaks AMQP 1.0."""
    user = "" if isinstance(server, ProtonBroker) else "guest:guest@"
    return f"{scheme}://{user}127.0.0.1:{server.port}"


def content_of(body: bytes, task_id: str) -> dict[str, Any]:
    """Return the map in which kombu's transport for Qpid wrapped a body (CONTRACT 3.2)."""
    return {
        "body": b64encode(body),
        "content-encoding": "binary",
        "content-type": "application/data",
        "headers": {},
        "properties": {
            "body_encoding": "base64",
            "delivery_info": {"exchange": EXCHANGE, "priority": 0, "routing_key": f"tasks.{task_id}"},
            "delivery_mode": 2,
            "delivery_tag": "8d5f3c1e-2f0b-4a57-9c1e-6b7d4e8f9a0b",
        },
    }


class QpidPulp:
    """Publishes changes of tasks to a server that speaks AMQP 1.0.

    :param address: of the exchange or queue; None for the usual one.
    """

    def __init__(self, server: RabbitMQ | ProtonBroker | ImitatedQpidd, address: str | None = None) -> None:
        if isinstance(server, RabbitMQ):
            with channel_of(server) as channel:
                channel.exchange_declare(EXCHANGE, "topic", durable=True)
        usual = f"/exchange/{EXCHANGE}" if isinstance(server, RabbitMQ) else EXCHANGE
        self._connection = utils.BlockingConnection(
            qpid_url(server, "amqp"), timeout=60, allowed_mechs="PLAIN ANONYMOUS"
        )
        self._sender = self._connection.create_sender(address or usual)
        self._unconfirmed: list[Any] = []

    def send(self, task_id: str, message: Any) -> None:
        """Publish a message in whatever form."""
        message.subject = f"tasks.{task_id}"
        self._sender.send(message)

    def send_bytes(self, encoded: bytes) -> None:
        """Publish a message that is already encoded."""
        link = self._sender.link
        delivery = link.delivery(link.delivery_tag())
        link.stream(encoded)
        link.advance()
        self._connection.wait(lambda: delivery.settled)

    def send_unconfirmed(self, task_id: str, message: Any) -> None:
        """Publish a message without waiting for the server; :meth:`confirm` does."""
        message.subject = f"tasks.{task_id}"
        self._connection.wait(lambda: self._sender.link.credit > 0)
        self._unconfirmed.append(self._sender.link.send(message))

    def confirm(self) -> None:
        """Wait until the server has taken every message."""
        self._connection.wait(lambda: all(delivery.settled for delivery in self._unconfirmed))
        self._unconfirmed.clear()

    def publish(self, task_id: str, body: bytes) -> None:
        """Publish a body as kombu did."""
        self.send(task_id, proton.Message(body=content_of(body, task_id), durable=True, priority=0))

    def report(self, task_id: str, state: str, repo: str = "zoo", **fields: Any) -> None:
        """Publish a document."""
        tags = [f"pulp:repository:{repo}", "pulp:action:sync"]
        self.publish(task_id, json.dumps({"task_id": task_id, "tags": tags, "state": state, **fields}).encode())

    def close(self) -> None:
        """Disconnect."""
        self._connection.close()
