"""Another process holds the write lock of the SQLite file."""

import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pulp_notifiers.errors import StoreUnavailable
from pulp_notifiers.store import Store, Vault
from tests.support.stored import fire


@pytest.fixture
def store(tmp_path: Path):
    """Yield a store that waits a second for the lock."""
    store = Store(f"sqlite:///{tmp_path}/n.db", lambda sealed: Vault.from_file(tmp_path / "key", not sealed), 1.0)
    store.upgrade()
    yield store
    store.close()


def test_threads_that_wait_for_a_locked_file_are_refused_together_with_what_to_do(store: Store, tmp_path: Path) -> None:
    """Twenty threads take about as long as one, reading works, and all works again once the lock is released."""
    fire(store, "before")
    other = sqlite3.connect(tmp_path / "n.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    def refused(number: int) -> str:
        with pytest.raises(StoreUnavailable) as refusal:
            fire(store, f"r{number}")
        return str(refusal.value)

    began = time.monotonic()
    with ThreadPoolExecutor(20) as pool:
        reasons = set(pool.map(refused, range(20)))
    seconds = time.monotonic() - began
    assert 1 == store.history.backlog().pending
    other.rollback()
    other.close()
    fire(store, "after")

    assert ["is locked: another process is writing for too long; find it with fuser" in each for each in reasons] == [
        True
    ]
    assert seconds < 8
