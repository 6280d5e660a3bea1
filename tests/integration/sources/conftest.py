"""A source type that follows a script, and the rules for its sources."""

import logging

import pytest

from pulp_notifiers.sources import Sources
from pulp_notifiers.store import Store
from tests.support.source_runners import InstalledTypes, Scripted


@pytest.fixture(autouse=True)
def _log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)


@pytest.fixture
def types() -> InstalledTypes:
    """Return the installed source types: ``scripted`` is the only one."""
    return InstalledTypes(scripted=Scripted())


@pytest.fixture
def sources(store: Store, types: InstalledTypes) -> Sources:
    """Return the rules for sources of these types."""
    return Sources(store.sources, types)
