"""Servers that the tests of the core and of the plugins share; each starts with the first test that uses it."""

import signal
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
import trustme

from tests.harness.postgres import PostgreSQL
from tests.harness.postgres import find_binaries as find_postgresql
from tests.harness.proton_broker import ProtonBroker
from tests.harness.pulp3 import Pulp3
from tests.harness.rabbitmq import RabbitMQ, TlsListener

SERVERS = ("postgresql", "proton_broker", "pulp3", "rabbitmq")
ON_DEMAND = ("outages", "pulp3")

# The time that an example takes means nothing on a busy machine.
hypothesis.settings.register_profile("house", deadline=None)
hypothesis.settings.load_profile("house")

# A shell that starts the tests in the background makes them ignore SIGINT, and their child processes inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark the tests that need a server with its name, so that ``-m "not rabbitmq"`` leaves them out.

    Tests that need a Pulp 3 take minutes, and those of outages a minute; they run only if ``-m`` names them.
    """
    for item in items:
        for server in SERVERS:
            if server in getattr(item, "fixturenames", ()):
                item.add_marker(server)
    for marker in ON_DEMAND:
        if marker not in config.option.markexpr:
            config.hook.pytest_deselected(items=[item for item in items if item.get_closest_marker(marker)])
            items[:] = [item for item in items if not item.get_closest_marker(marker)]
    if hasattr(config, "workerinput"):
        items.sort(key=turn)


def turn(item: pytest.Item) -> int:
    """Return when a test's file is to be handed to one of several processes.

    The slow ones come first, and unit tests last, which take a second or less in each file: so all processes end at
    about the same time.
    """
    if "e2e" in item.path.parts:
        return 0
    return 2 if {"unit", "legacy"} & {*item.path.parts} else 1


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    """Yield a running PostgreSQL; each test creates its own database with ``create_database()``."""
    if find_postgresql() is None:
        pytest.skip("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    with PostgreSQL() as server:
        yield server


@pytest.fixture(scope="session")
def rabbitmq(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RabbitMQ]:
    """Yield a running RabbitMQ, also for TLS; each test uses its own names of exchanges and queues."""
    reason = RabbitMQ.available()
    if reason:
        pytest.skip(reason)
    with RabbitMQ(tls_listener(tmp_path_factory.mktemp("tls"))) as server:
        yield server


def tls_listener(folder: Path) -> TlsListener:
    """Return a listener whose certificate is for 127.0.0.1; clients need none."""
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    listener = TlsListener(*(folder / name for name in ("ca.pem", "cert.pem", "key.pem")))
    authority.cert_pem.write_to_path(listener.ca)
    certificate.cert_chain_pems[0].write_to_path(listener.certificate)
    certificate.private_key_pem.write_to_path(listener.key)
    return listener


@pytest.fixture(scope="session")
def proton_broker() -> Iterator[ProtonBroker]:
    """Yield a running AMQP 1.0 broker, Proton's example; each test uses its own addresses."""
    reason = ProtonBroker.available()
    if reason:
        pytest.skip(reason)
    with ProtonBroker() as server:
        yield server


@pytest.fixture(scope="session")
def pulp3() -> Iterator[Pulp3]:
    """Yield a running Pulp 3; each test uses its own names of repositories and users."""
    reason = Pulp3.available()
    if reason:
        pytest.skip(reason)
    with Pulp3(workers=3, api_workers=2) as server:
        yield server
