"""Sources in the database: their leases, their status, and what belongs to them."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import sqlalchemy as sa

from pulp_notifiers.errors import InvalidSetting, LeaseLost
from pulp_notifiers.records import Kept, RegisteredSource, SourceChange, SourceDraft, SourceState, SourceStatus
from pulp_notifiers.sources import Sources
from pulp_notifiers.store import Store, Vault
from tests.support.memory import START, Clock
from tests.support.stored import execute
from tests.support.watch_source import LEASE, WatchingOnly, a_source, claim_sources, intake_of


@pytest.fixture
def sources(store: Store) -> Sources:
    return Sources(store.sources, WatchingOnly(), clock=Clock())


def test_only_one_of_several_processes_can_add_a_source_of_a_name(open_store):
    """The database decides which."""
    stores = [open_store() for _ in range(4)]

    with ThreadPoolExecutor(4) as pool:
        rows = zip(stores, map(a_source, range(4)), strict=True)
        outcomes = list(pool.map(lambda each: each[0].sources.add(_renamed(each[1])), rows))

    assert [False, False, False, True] == sorted(outcomes)


def _renamed(source: RegisteredSource) -> RegisteredSource:
    return RegisteredSource("zoo", source.source_type, source.config, source.created_at, id=source.id)


def test_configs_of_sources_are_encrypted_at_rest_and_need_the_key(store, database_url, tmp_path):
    """A missing key file is reported at start even if there is no listener."""
    store.sources.add(RegisteredSource("zoo", "watch", {"password": "hush-hush"}, START, id="1" * 24))
    [row] = execute(database_url, sa.text("SELECT * FROM sources"))
    (tmp_path / "key").unlink()
    again = Store(database_url, lambda sealed: Vault.from_file(tmp_path / "key", may_create=not sealed))

    with pytest.raises(InvalidSetting, match="is missing, but the database holds"):
        again.check_key()

    again.close()
    assert "hush" not in str(row)


def test_an_installation_has_one_id_for_all_its_processes(open_store):
    """It is drawn once, and has 16 hex digits."""
    assert open_store().installation() == open_store().installation()
    assert 16 == len(open_store().installation())


def test_a_change_of_a_source_ends_its_lease(store, sources):
    """The next holder has the new options and everything the source remembers."""
    store.sources.add(a_source())
    claim_sources(store, "one")
    intake_of(store).take(remember={"seen": 1})

    sources.update("source-1", SourceChange({"url": "http://b"}))

    with pytest.raises(LeaseLost):
        intake_of(store).take(remember={"seen": 2})
    assert ["source-1"] == claim_sources(store, "two")
    assert {"url": "http://b"} == store.sources.get("source-1").config
    assert {"seen": 1} == intake_of(store, "two").remembered()


def test_the_lease_of_a_dead_owner_can_be_taken_at_once(store, sources):
    """Leases of all other owners are left alone."""
    sources.add(SourceDraft("ape", "watch", {"url": "http://a"}))
    assert ["ape"] == claim_sources(store, "killed")
    sources.add(SourceDraft("zoo", "watch", {"url": "http://z"}))
    assert ["zoo"] == claim_sources(store, "alive")

    taken = store.sources.claim("next", START, START + LEASE, has_died="killed".__eq__)

    assert ["ape"] == [source.name for source in taken]
    assert ["next", "alive"] == [sources.status(name).holder for name in ("ape", "zoo")]


def test_a_source_is_held_by_one_owner_until_its_lease_ends_or_is_released(store):
    """Then another owner can claim it."""
    store.sources.add(a_source(1))
    store.sources.add(a_source(2))

    assert ["source-1", "source-2"] == claim_sources(store, "one")
    assert [] == claim_sources(store, "two")
    store.sources.release("one", a_source(1).id)
    assert ["source-1"] == claim_sources(store, "two")
    assert ["source-1", "source-2"] == claim_sources(store, "three", START + LEASE)


def test_renewing_extends_leases_stores_the_status_and_returns_all_holders(store):
    """Nothing is written for a source that was lost or removed."""
    for number in (1, 2, 3):
        store.sources.add(a_source(number))
    claim_sources(store, "one")
    store.sources.release("one", a_source(2).id)
    claim_sources(store, "two")
    store.sources.delete("source-3")
    failing = SourceStatus(SourceState.FAILING, None, "No answer.", START, {"lag_seconds": 2}, START)

    holders = store.sources.renew("one", START + 2 * LEASE, {a_source(n).id: failing for n in (1, 2, 3)})

    assert {a_source(1).id: "one", a_source(2).id: "two"} == holders
    assert [] == claim_sources(store, "three", START + LEASE - timedelta(seconds=1))
    later = START + LEASE
    expected = SourceStatus(SourceState.FAILING, "one", "No answer.", START, {"lag_seconds": 2}, START)
    assert expected == store.sources.status(a_source(1).id, later)
    assert SourceState.WAITING == store.sources.status(a_source(2).id, later).state
    assert store.sources.status(a_source(3).id, later) is None
    assert {"source-1": expected, "source-2": SourceState.WAITING} == {
        name: status if name == "source-1" else status.state for name, status in store.sources.statuses(later).items()
    }


def test_a_lease_of_a_source_from_the_far_future_does_not_count(store):
    """It was written while a clock was wrong."""
    store.sources.add(a_source())
    claim_sources(store, "one", START + timedelta(days=400))

    assert ["source-1"] == claim_sources(store, "two")


def test_removing_a_source_deletes_what_it_remembers(store, sources, database_url):
    """A new source of the same name remembers nothing."""
    first = sources.add(SourceDraft("zoo", "watch", {"url": "http://z"}))
    claim_sources(store)
    store.outbox.add_all((), 0, START, Kept(first.id, "one", {"n": 1}))
    sources.remove("zoo")

    again = sources.add(SourceDraft("zoo", "watch", {"url": "http://z"}))

    assert {} == store.sources.memory(again.id)
    assert [] == execute(database_url, sa.text("SELECT * FROM source_memory"))
