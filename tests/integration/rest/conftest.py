"""A REST service for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.rest import RestService, rest_service


@pytest.fixture
def service(tmp_path: Path) -> Iterator[RestService]:
    """Yield a service with an empty SQLite database. Modules with many tests share one instead."""
    with rest_service(tmp_path) as running:
        yield running
