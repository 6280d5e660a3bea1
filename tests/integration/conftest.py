"""A store and a REST service, once on each kind of database."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pulp_notifiers.store import Store, Vault
from tests.support.migrated import new_postgresql, new_sqlite
from tests.support.rest import RestService, database_settings, rest_service


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the URL of a database with the newest schema and no rows."""
    if request.param == "sqlite":
        return new_sqlite(tmp_path / "notifiers.db")
    return new_postgresql(request.getfixturevalue("postgresql"))


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the URL of an empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/notifiers.db"
    url: str = request.getfixturevalue("postgresql").create_database()
    return url


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def running(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RestService]:
    """Yield one REST service for all tests of a module; its worker does not run."""
    with rest_service(tmp_path_factory.mktemp("rest"), **database_settings(request)) as service:
        yield service


@pytest.fixture
def open_store(database_url: str, tmp_path: Path) -> Iterator[Callable[[], Store]]:
    """Yield a function that opens the database again, as another process would."""
    opened: list[Store] = []

    def open_again() -> Store:
        store = Store(database_url, lambda sealed: Vault.from_file(tmp_path / "key", may_create=not sealed))
        opened.append(store)
        store.upgrade()
        return store

    yield open_again
    for store in opened:
        store.close()


@pytest.fixture
def store(open_store: Callable[[], Store]) -> Store:
    """Return a store with the newest schema."""
    return open_store()
