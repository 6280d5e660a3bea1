"""A client of a Celery application with the bridge."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from kombu import pools

from pulp_notifiers.app import App
from pulp_notifiers.celery import connect
from pulp_notifiers.settings import Settings
from tests.harness.rabbitmq import RabbitMQ
from tests.support.bridged import Bridged, StreamReader
from tests.support.celery_tasks import new_celery


@pytest.fixture
def bridged(rabbitmq: RabbitMQ, tmp_path: Path) -> Iterator[Bridged]:
    """Return a connected client; the test starts its worker."""
    stream = StreamReader(rabbitmq)
    made = Bridged(rabbitmq, tmp_path, f"bridged-{uuid4().hex}", stream)
    made.client = new_celery(rabbitmq.url, made.queue)
    with App.from_settings(Settings(made.settings())) as made.app:
        bridge = connect(made.client, made.app)
        try:
            yield made
        finally:
            bridge.disconnect()
            made.client.close()
            # Kombu keeps connections for every client of the process, also of a server that another test restarts.
            pools.reset()
            stream.close()
