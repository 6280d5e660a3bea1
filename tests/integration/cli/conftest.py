"""Settings that a test of the command line does not share with this machine, and a server whose tasks it watches."""

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from tests.harness.rabbitmq import RabbitMQ
from tests.support.watching import Pulp, environment_for


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], int]:
    """Return a function that writes the configuration file of this test, which is empty at first."""
    for name in [name for name in os.environ if name.startswith("PULP_NOTIFIERS_")]:
        monkeypatch.delenv(name)
    file = tmp_path / "server.conf"
    file.write_text("")
    monkeypatch.setenv("PULP_NOTIFIERS_CONF", str(file))
    return file.write_text


@pytest.fixture
def pulp(rabbitmq: RabbitMQ) -> Iterator[Pulp]:
    """Return a publisher of tasks."""
    publisher = Pulp(rabbitmq.url)
    yield publisher
    publisher.close()


@pytest.fixture
def watch_environment(rabbitmq: RabbitMQ, tmp_path: Path) -> Mapping[str, str]:
    """Return an environment whose settings name the messaging server."""
    return environment_for(rabbitmq.url, tmp_path)
