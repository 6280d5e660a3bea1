"""PostgreSQL is restarted while connections to it are open."""

import logging

import pytest

from pulp_notifiers.errors import StoreUnavailable
from pulp_notifiers.event import Event
from pulp_notifiers.records import DeliveryState, Owed
from pulp_notifiers.store import Store, Vault
from tests.harness.postgres import PostgreSQL, find_binaries
from tests.support.memory import START
from tests.support.stored import LEASE, add, claim, fire, outcome, record


@pytest.fixture
def server():
    """Yield a server of its own."""
    if find_binaries() is None:
        pytest.skip("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    with PostgreSQL() as server:
        yield server


def test_a_restart_between_two_calls_is_not_noticed(server, tmp_path, caplog):
    """Connections that the restart closed are opened again, and nothing is written twice or lost."""
    store = Store(server.create_database(), lambda sealed: Vault.from_file(tmp_path / "key", may_create=not sealed))
    store.upgrade()
    fire(store, "one")
    (held,) = claim(store)

    server.restart()
    fire(store, "two")
    server.restart()
    record(store, held, outcome(DeliveryState.DELIVERED))
    server.restart()
    assert ["two"] == [each.deliveries[0].event.payload["repo_id"] for each in claim(store)]
    server.restart()
    assert 1 == store.history.backlog().pending
    assert [] == [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]

    server.stop()
    for refused in (lambda: fire(store, "three"), lambda: claim(store), store.history.backlog):
        with pytest.raises(StoreUnavailable):
            refused()
    server.restart()
    assert 1 == store.history.backlog().pending
    assert 1 == add(store, Event("a", {}), [Owed("l", "http", "")])
    assert 1 == len(claim(store, now=START + LEASE / 2))
    store.close()
