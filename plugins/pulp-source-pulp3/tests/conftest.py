"""Fixtures for the tests of the Pulp 3 source."""

import pytest
from fake_pulp3 import FakePulp3
from pulp3_intake import WatchIntake
from pulp3_watched import Watched


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def pulp():
    """Return a running server on which one sync has run."""
    with FakePulp3() as running:
        zoo = running.world.add_repository("zoo")
        running.world.run("sync.completed", zoo)
        running.world.clock.advance(1)
        yield running


@pytest.fixture
def zoo(pulp):
    """Return its repository."""
    [repository] = pulp.world.repositories.values()
    return repository


@pytest.fixture
def intake():
    """Return an intake that remembers nothing."""
    return WatchIntake()


@pytest.fixture
def watched():
    """Return a watched repository."""
    return Watched()
