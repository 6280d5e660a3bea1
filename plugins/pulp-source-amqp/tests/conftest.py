"""Fixtures for the tests of the amqp source."""

from collections.abc import Iterator

import pytest
from amqp_source_running import INSTALLATION, Pulp2, queue_of

from pulp_notifiers.testing.source import RecordingIntake
from tests.harness.rabbitmq import RabbitMQ


@pytest.fixture
def pulp2(rabbitmq: RabbitMQ) -> Pulp2:
    """Return a publisher."""
    return Pulp2(rabbitmq)


@pytest.fixture
def intake(rabbitmq: RabbitMQ, pulp2: Pulp2, request: pytest.FixtureRequest) -> Iterator[RecordingIntake]:
    """Return an intake whose source has its own name, and delete its queue afterwards."""
    made = RecordingIntake(source=request.node.name[:40], installation=INSTALLATION)
    yield made
    with pulp2.channel() as channel:
        channel.queue_delete(queue_of(made))
        for suffix in ("in", "own", "foreign"):
            channel.exchange_delete(f"{queue_of(made)}.{suffix}")
