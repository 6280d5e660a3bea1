"""A publisher to the running server, a queue of everything on amq.topic, and an exchange of the test's own name."""

from collections.abc import Iterator

import pytest

from pulp_notifiers.broker import Publisher
from tests.harness.rabbitmq import RabbitMQ
from tests.support.amqp import Inbox, channel_of, inbox_of
from tests.support.publishing import publisher_of


@pytest.fixture
def inbox(rabbitmq: RabbitMQ) -> Iterator[Inbox]:
    """Return a queue that gets everything published to amq.topic."""
    with inbox_of(rabbitmq.port) as bound:
        yield bound


@pytest.fixture
def publisher(rabbitmq: RabbitMQ) -> Iterator[Publisher]:
    """Return a publisher to the running server."""
    with publisher_of(rabbitmq.url) as made:
        yield made


@pytest.fixture
def exchange(rabbitmq: RabbitMQ, request: pytest.FixtureRequest) -> Iterator[str]:
    """Return the name of an exchange that does not exist."""
    name = request.node.name
    yield name
    with channel_of(rabbitmq) as channel:
        channel.exchange_delete(name)
