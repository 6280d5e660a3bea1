"""A PostgreSQL that says nothing: frozen, or behind a network that drops packets."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
import sqlalchemy as sa

from pulp_notifiers.errors import StoreUnavailable
from pulp_notifiers.records import Listener
from pulp_notifiers.store import Store, Vault
from tests.harness.postgres import PostgreSQL, find_binaries
from tests.support.memory import START
from tests.support.relay import Relay
from tests.support.stored import claim, execute, fire

TIMEOUT_SECONDS = 2.0
BOUND_SECONDS = 15.0  # one time-out for the connection and one for the statement, on a busy machine; not minutes


@pytest.fixture(scope="module")
def server() -> Iterator[PostgreSQL]:
    """Yield a server of its own."""
    if find_binaries() is None:
        pytest.skip("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    with PostgreSQL() as server:
        yield server


@pytest.fixture
def relay(server: PostgreSQL) -> Iterator[Relay]:
    """Yield a network to it that can drop packets."""
    with Relay(server.port) as relay:
        yield relay


@pytest.fixture(params=["frozen", "black hole"])
def silenced(request: pytest.FixtureRequest, server: PostgreSQL, relay: Relay) -> Callable[[], AbstractContextManager]:
    """Return what makes the server say nothing for one ``with`` block."""
    return server.frozen if request.param == "frozen" else relay.black_hole


@pytest.fixture
def store(server: PostgreSQL, relay: Relay, tmp_path: Path) -> Iterator[Store]:
    """Yield a store that reaches the server through the relay."""
    url = server.create_database().replace(f":{server.port}/", f":{relay.port}/")
    store = Store(url, lambda sealed: Vault.from_file(tmp_path / "key", not sealed), TIMEOUT_SECONDS)
    store.upgrade()
    yield store
    store.close()


def refusal_of(work: Callable[[], object]) -> tuple[str, float]:
    """Return why the database refused, and after how many seconds."""
    began = time.monotonic()
    with pytest.raises(StoreUnavailable) as refused:
        work()
    return str(refused.value), time.monotonic() - began


def test_what_waits_for_a_silent_server_is_refused_in_bounded_time(store: Store, silenced) -> None:
    """Connections that are open and new ones, reads and writes; afterwards all works again by itself."""
    fire(store, "before")
    fire(store, "again")  # now the connection for the writer and one for others are open
    works = (lambda: fire(store, "meanwhile"), lambda: claim(store), store.history.backlog)

    with silenced():
        refusals = [refusal_of(work) for work in works * 2]

    fire(store, "after")
    assert all("nothing was written: " in reason and "\n" not in reason for reason, _ in refusals), refusals
    assert any("has not answered for 3 s: see whether its server is" in reason for reason, _ in refusals), refusals
    assert all(seconds < BOUND_SECONDS for _, seconds in refusals), refusals
    assert 3 == store.history.backlog().pending


def test_threads_that_share_a_transaction_do_not_wait_one_after_the_other(store: Store, silenced) -> None:
    """Forty events that are fired at once are all refused within the time of two."""
    fire(store, "before")

    with silenced(), ThreadPoolExecutor(40) as pool:
        fired = list(pool.map(lambda number: refusal_of(lambda: fire(store, f"r{number}")), range(40)))

    assert all(seconds < BOUND_SECONDS for _, seconds in fired), fired
    assert 1 == store.history.backlog().pending


def test_what_is_fired_until_it_is_accepted_through_silences_is_stored_once(store: Store, silenced) -> None:
    """No event is lost, whatever the transaction was doing when the server fell silent."""
    stop, accepted = threading.Event(), Counter()

    def fire_for_ever(thread: int) -> None:
        number = 0
        while not stop.is_set():
            try:
                fire(store, f"r{thread}-{number}")
            except StoreUnavailable:
                continue
            accepted[thread] += 1
            number += 1

    with ThreadPoolExecutor(4) as pool:
        threads = [pool.submit(fire_for_ever, thread) for thread in range(4)]
        for _ in range(3):
            before = sum(accepted.values())
            while sum(accepted.values()) < before + 40:
                assert not any(thread.done() for thread in threads)
                time.sleep(0.01)
            with silenced():
                time.sleep(TIMEOUT_SECONDS + 2)
        stop.set()
        for thread in threads:
            thread.result()

    # Each thread repeats under a new id, so an event whose commit was cut off may be there twice, and none is missing.
    pending = store.history.backlog().pending
    assert sum(accepted.values()) <= pending <= sum(accepted.values()) + 3 * 4


def test_a_listener_that_is_owed_very_much_can_be_deleted(server, tmp_path):
    """That takes longer than any other statement may, and would never succeed."""
    url = server.create_database()
    store = Store(url, lambda sealed: Vault.from_file(tmp_path / "key", not sealed), timeout_seconds=1)
    store.upgrade()
    store.listeners.add(Listener("http", {}, ("*",), id="5f0c1e2d3a4b5c6d7e8f9012"))
    fire(store, listener="5f0c1e2d3a4b5c6d7e8f9012")
    for statement in (
        "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(2); RETURN NEW; END $$",
        "CREATE TRIGGER slow BEFORE UPDATE ON deliveries FOR EACH ROW EXECUTE FUNCTION slow()",
    ):
        execute(url, sa.text(statement))

    assert store.listeners.delete("5f0c1e2d3a4b5c6d7e8f9012", START)
    assert 1 == store.history.backlog().dead
    store.close()
