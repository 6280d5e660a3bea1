"""The AMQP 1.0 servers that other tests rely on: RabbitMQ with its plugin, and Proton's example broker."""

import socket
from pathlib import Path

import pytest

from tests.harness.proton_broker import ProtonBroker
from tests.harness.rabbitmq import RabbitMQ

AMQP_1_0 = b"AMQP\x00\x01\x00\x00"
WITH_SASL = b"AMQP\x03\x01\x00\x00"
AMQP_0_9_1 = b"AMQP\x00\x00\x09\x01"


def greet(port: int, greeting: bytes) -> bytes:
    """Return the first bytes with which a server answers a greeting."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.sendall(greeting)
        return connection.makefile("rb").read(len(greeting))


def test_a_node_speaks_amqp_1_0_and_0_9_1_on_one_port(rabbitmq: RabbitMQ) -> None:
    """The plugin is enabled on every node that tests start."""
    assert WITH_SASL == greet(rabbitmq.port, WITH_SASL)
    assert greet(rabbitmq.port, AMQP_0_9_1).startswith(b"\x01\x00\x00")


def test_the_example_broker_speaks_amqp_1_0_only(proton_broker: ProtonBroker) -> None:
    """It answers any other greeting with its own."""
    assert WITH_SASL == greet(proton_broker.port, WITH_SASL)
    assert AMQP_1_0 == greet(proton_broker.port, AMQP_1_0)
    assert AMQP_0_9_1 != greet(proton_broker.port, AMQP_0_9_1)


def test_the_example_broker_keeps_its_port_and_leaves_nothing_behind() -> None:
    """However it was ended."""
    if ProtonBroker.available():
        pytest.skip(ProtonBroker.available() or "")
    with ProtonBroker() as broker:
        port, folder = broker.port, broker.folder
        broker.kill()
        broker.start()
        broker.pause()
        broker.restart()

        assert AMQP_1_0 == greet(port, AMQP_1_0)

    with pytest.raises(ConnectionRefusedError):
        greet(port, AMQP_1_0)
    assert not Path(folder).exists()
