"""A queue of the whole stream, and publishers to the running server."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from pulp_notifiers.task_stream import StatusPublisher
from tests.harness.rabbitmq import RabbitMQ
from tests.support.patient import OPTIONS, patient_publisher
from tests.support.stream_inbox import StreamInbox, closing

IMPATIENT = replace(OPTIONS, slow_seconds=5.0)
"""Takes a server that confirms nothing for one that is away, but not one that is busy."""


@pytest.fixture
def inbox(rabbitmq: RabbitMQ, request: pytest.FixtureRequest) -> Iterator[StreamInbox]:
    """Return a queue that gets the whole stream."""
    made = StreamInbox(rabbitmq, request.node.name)
    yield made
    made.delete()


@pytest.fixture
def publisher(rabbitmq: RabbitMQ) -> Iterator[StatusPublisher]:
    """Return a publisher that waits while the server is busy."""
    with closing(patient_publisher(rabbitmq.url)) as made:
        yield made


@pytest.fixture
def impatient_publisher(rabbitmq: RabbitMQ) -> Iterator[StatusPublisher]:
    """Return a publisher to which a server is away if it confirms nothing for seconds."""
    with closing(patient_publisher(rabbitmq.url, options=IMPATIENT)) as made:
        yield made
