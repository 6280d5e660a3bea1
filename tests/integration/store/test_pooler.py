"""PostgreSQL behind a pooler that gives each transaction another connection to the server."""

import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pulp_notifiers.app import App, upgrade_database
from pulp_notifiers.errors import StoreUnavailable
from pulp_notifiers.event import Event
from pulp_notifiers.settings import Settings
from pulp_notifiers.store import Store, Vault
from pulp_notifiers.testing.http import HttpReceiver
from tests.harness.pgbouncer import NOT_INSTALLED, PgBouncer, find_pgbouncer
from tests.harness.postgres import PostgreSQL
from tests.support.running import wait_until_idle

EVENTS = 300


@pytest.fixture(params=["transaction", "session"])
def pooler(request: pytest.FixtureRequest, postgresql: PostgreSQL) -> Iterator[PgBouncer]:
    """Yield a pooler."""
    if find_pgbouncer() is None:
        pytest.skip(NOT_INSTALLED)
    # In session mode each client keeps a connection.
    with PgBouncer(postgresql, request.param, connections=3 if request.param == "transaction" else 60) as pooler:
        yield pooler


def settings_for(database_url: str, folder: Path) -> Settings:
    """Return the settings of a process that uses a database."""
    own = {"database_url": database_url, "state_directory": str(folder), "poll_seconds": "0.1"}
    return Settings({"notifiers": own})


def test_all_events_are_delivered_once_and_in_order_through_a_pooler(
    pooler: PgBouncer, postgresql: PostgreSQL, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Two processes share few connections to the server, and the log has no warning."""
    settings = settings_for(pooler.url(postgresql.create_database()), tmp_path)
    upgrade_database(settings.own())
    with HttpReceiver() as receiver, App(settings) as firing, App(settings) as delivering:
        firing.pulp2_listeners.create("http", {"url": receiver.url}, ["*"])
        firing.worker.start()
        delivering.worker.start()

        def fire(number: int) -> None:
            firing.fire(Event("repo.sync.start", {"repo_id": f"r{number % 8}", "n": number}))

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda lane: [fire(number) for number in range(lane, EVENTS, 8)], range(8)))
        assert 0 == wait_until_idle(delivering).dead

        payloads = [request.json()["payload"] for request in receiver.requests]
    assert list(range(EVENTS)) == sorted(payload["n"] for payload in payloads)
    for lane in range(8):
        numbers = [payload["n"] for payload in payloads if payload["repo_id"] == f"r{lane}"]
        assert sorted(numbers) == numbers
    assert [] == [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


def test_prepared_statements_and_session_limits_are_used_only_without_a_pooler(
    pooler: PgBouncer, postgresql: PostgreSQL, tmp_path: Path
) -> None:
    """They make a statement faster, and a pooler loses them or gives them to other clients."""
    url = postgresql.create_database()
    for database_url, prepared, limit in ((url, True, "5s"), (pooler.url(url), False, "0")):
        store = Store(database_url, lambda sealed: Vault.from_file(tmp_path / "key", not sealed))
        with store._database.engine.connect() as connection:
            driver = connection.connection.driver_connection
            assert driver is not None
            shown = connection.exec_driver_sql("SHOW statement_timeout").scalar_one()
            assert (prepared, limit) == (driver.prepare_threshold is not None, shown)
        store.close()


def test_a_pooler_that_allows_no_transactions_is_refused_with_a_sentence(
    postgresql: PostgreSQL, tmp_path: Path
) -> None:
    """The sentence names the setting of pgbouncer."""
    if find_pgbouncer() is None:
        pytest.skip(NOT_INSTALLED)
    with (
        PgBouncer(postgresql, "statement") as pooler,
        pytest.raises(StoreUnavailable, match="set its pool_mode to transaction or session"),
    ):
        App(settings_for(pooler.url(postgresql.create_database()), tmp_path))
