"""Servers that the tests of the core and of the plugins share; each starts when the first test asks for it."""

import signal
from collections.abc import Iterator

import hypothesis
import pytest

from pulp_notifiers.testing.postgres import PostgreSQL
from pulp_notifiers.testing.postgres import find_binaries as find_postgresql
from pulp_notifiers.testing.rabbitmq import RabbitMQ

SERVERS = ("postgresql", "rabbitmq")

# How long an example takes says nothing on a busy machine.
hypothesis.settings.register_profile("house", deadline=None)
hypothesis.settings.load_profile("house")

# Tests that a shell started in the background have SIGINT ignored, and the commands that they start would inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that need a server by its name, so that ``-m "not rabbitmq"`` leaves them out."""
    for item in items:
        for server in SERVERS:
            if server in getattr(item, "fixturenames", ()):
                item.add_marker(server)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    """Return a running PostgreSQL; each test takes a database of its own with ``create_database()``."""
    if find_postgresql() is None:
        pytest.skip("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    with PostgreSQL() as server:
        yield server


@pytest.fixture(scope="session")
def rabbitmq() -> Iterator[RabbitMQ]:
    """Return a running RabbitMQ; each test uses exchanges and queues of its own names."""
    reason = RabbitMQ.available()
    if reason:
        pytest.skip(reason)
    with RabbitMQ() as server:
        yield server
