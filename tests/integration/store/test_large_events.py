"""Events with more deliveries than one transaction writes."""

import subprocess
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from uuid import NAMESPACE_DNS

import pytest
import sqlalchemy as sa

from pulp_notifiers.errors import LeaseLost, PartlyWritten, StoreUnavailable
from pulp_notifiers.event import Event, derived_id
from pulp_notifiers.records import Kept, Listener, Owed, OwedEvent, Written
from pulp_notifiers.store import Store, schema
from pulp_notifiers.store.pieces import MOST_AT_ONCE
from tests.support.children import PATIENCE_SECONDS, ROOT, command
from tests.support.memory import START
from tests.support.stored import LEASE, execute
from tests.support.watch_source import a_source, claim_sources

MANY = 3 * MOST_AT_ONCE + 7
STOP = 1200
"""Deliveries after which the database refuses further ones."""


def large(event: Event, count: int = MANY, listener: str = "l") -> OwedEvent:
    return OwedEvent(event, [Owed(listener, "mail", f"a{number}@x") for number in range(count)])


def write(store: Store, *batch: OwedEvent, kept: Kept | None = None) -> Written:
    written = store.outbox.add_all(batch, store.listeners.latest_revision(), START, kept)
    assert written is not None
    return written


def stored_targets(database_url: str) -> list[tuple[str, str]]:
    """Return event and target of each delivery, sorted."""
    owed = schema.deliveries.c
    return sorted(map(tuple, execute(database_url, sa.select(owed.event_id, owed.target))))


def expected(*batch: OwedEvent) -> list[tuple[str, str]]:
    return sorted((str(each.event.id), owed.target) for each in batch for owed in each.owed)


def unfinished(database_url: str) -> list[str]:
    query = sa.select(schema.events.c.id).where(schema.events.c.unfinished_after.is_not(None))
    return [event_id for (event_id,) in execute(database_url, query)]


@pytest.fixture
def full_disk(database_url: str) -> Callable[[bool], None]:
    """Return a function that lets the database refuse deliveries beyond a number, as if it ended in the middle."""

    def refuse(refused: bool) -> None:
        if database_url.startswith("sqlite"):
            body = f"WHEN (SELECT count(*) FROM deliveries) >= {STOP} BEGIN SELECT RAISE(ABORT, 'no space'); END"
            statements = [f"CREATE TRIGGER full_disk BEFORE INSERT ON deliveries {body}"]
            drop = "DROP TRIGGER full_disk"
        else:
            statements = [
                f"""CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                IF (SELECT count(*) FROM deliveries) >= {STOP} THEN RAISE EXCEPTION 'no space'; END IF;
                RETURN NEW; END $$""",
                "CREATE TRIGGER full_disk BEFORE INSERT ON deliveries FOR EACH STATEMENT EXECUTE FUNCTION refuse()",
            ]
            drop = "DROP TRIGGER full_disk ON deliveries"
        for statement in statements if refused else [drop]:
            execute(database_url, sa.text(statement))

    return refuse


def test_an_event_with_very_many_deliveries_has_all_of_them_when_firing_returns(store, database_url):
    """It is a whole event then, and firing it again adds nothing."""
    each = large(Event("a", {"repo_id": "zoo"}))

    assert [MANY, MANY] == [write(store, each).deliveries for _ in range(2)]

    assert expected(each) == stored_targets(database_url)
    assert [] == unfinished(database_url)
    assert MANY == store.history.backlog().pending


def test_an_event_that_was_interrupted_is_completed_by_firing_it_again(store, database_url, full_disk):
    """Nothing is doubled, and a third time adds nothing."""
    each = large(Event("a", {"repo_id": "zoo"}))
    full_disk(True)
    with pytest.raises(PartlyWritten, match="Fire the event again with the same id") as raised:
        write(store, each)
    full_disk(False)
    assert each.event.id == raised.value.event_id
    assert [str(each.event.id)] == unfinished(database_url)
    assert 0 < len(stored_targets(database_url)) < MANY

    assert [MANY, MANY] == [write(store, each).deliveries for _ in range(2)]

    assert expected(each) == stored_targets(database_url)
    assert [] == unfinished(database_url)


FIRE = """
import sys
from pulp_notifiers.store import Store, Vault
from tests.integration.store.test_large_events import EVENT, large, write

store = Store(sys.argv[1], lambda sealed: Vault.from_file(sys.argv[2], may_create=not sealed))
write(store, large(EVENT, 50_000))
"""
EVENT = Event("a", {"repo_id": "zoo"}, id=derived_id(NAMESPACE_DNS, "killed"))


def test_an_event_whose_process_was_killed_is_completed_by_firing_it_again(store, database_url, tmp_path):
    """Killed after the first piece and before the last one."""
    with subprocess.Popen(command(FIRE, database_url, str(tmp_path / "key")), cwd=ROOT) as process:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not unfinished(database_url):
            assert process.poll() is None
            assert time.monotonic() < deadline
        process.kill()
    written_before = len(stored_targets(database_url))
    each = large(EVENT, 50_000)

    assert 50_000 == write(store, each).deliveries

    assert 0 < written_before < 50_000
    assert expected(each) == stored_targets(database_url)
    assert [] == unfinished(database_url)


def test_an_interrupted_event_is_completed_even_if_few_targets_are_left(store, database_url, full_disk):
    """Listeners were deleted meanwhile. Those that lost the event stay without it."""
    each = large(Event("a", {"repo_id": "zoo"}))
    full_disk(True)
    with pytest.raises(StoreUnavailable):
        write(store, each)
    full_disk(False)
    before = stored_targets(database_url)

    written = write(store, replace(each, owed=each.owed[:300]), large(Event("b", {}), 5))

    assert len(set(before) | set(expected(replace(each, owed=each.owed[:300])))) + 5 == written.deliveries
    assert [] == unfinished(database_url)
    assert len(stored_targets(database_url)) == len(set(stored_targets(database_url))) == written.deliveries


def test_another_event_with_the_id_of_an_interrupted_one_completes_nothing(store, database_url, full_disk):
    """It is reported as another event."""
    each = large(Event("a", {"repo_id": "zoo"}))
    full_disk(True)
    with pytest.raises(StoreUnavailable):
        write(store, each)
    full_disk(False)
    other = replace(each.event, payload={})
    before = stored_targets(database_url)

    for owed in (each.owed, each.owed[:5]):
        assert {str(each.event.id): each.event.digest()} == write(store, OwedEvent(other, owed)).taken

    assert before == stored_targets(database_url)


def test_a_large_event_that_is_fired_at_once_by_threads_and_processes_is_written_once(open_store, database_url):
    """All of them return when it is complete, with other events in between."""
    stores = [open_store(), open_store()]
    each = large(Event("a", {"repo_id": "zoo"}))
    small = [large(Event("b", {"n": n}), 1) for n in range(20)]

    def fire(number: int) -> int:
        return write(stores[number % 2], each if number % 6 == 0 else small[number]).deliveries

    with ThreadPoolExecutor(6) as pool:
        counts = list(pool.map(fire, range(20)))

    assert [MANY if number % 6 == 0 else 1 for number in range(20)] == counts
    fired = [each, *(small[number] for number in range(20) if number % 6)]
    assert expected(*fired) == stored_targets(database_url)


def test_other_events_are_written_while_a_large_one_is(open_store, database_url):
    """They do not wait until it is complete, neither in its process nor in another one."""
    stores = [open_store(), open_store()]
    each = large(Event("a", {"repo_id": "zoo"}), 20_000)
    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(write, stores[0], each)
        small = []
        while not writing.done():
            for store in stores:
                small.append(large(Event("b", {}), 1))
                write(store, small[-1])

    owed = schema.deliveries.c
    ids = dict(execute(database_url, sa.select(sa.func.max(owed.id), owed.event_id).group_by(owed.event_id)))
    last = max(position for position, event_id in ids.items() if event_id == str(each.event.id))
    before = [event_id for position, event_id in ids.items() if position < last]
    assert {str(one.event.id) for one in small[1:3]} <= set(before)


def test_deliveries_of_a_lane_keep_the_order_of_a_batch_with_a_large_event(store, database_url):
    """Small events come before and after it."""
    events = [Event(event_type, {"repo_id": "zoo"}) for event_type in ("a", "b", "c", "d")]
    batch = [large(events[0], 3), large(events[1]), large(events[2], 3), large(events[3], MOST_AT_ONCE)]

    write(store, *batch)

    owed, events_of = schema.deliveries.c, schema.events.c
    query = sa.select(owed.target, events_of.type).join(schema.events, events_of.id == owed.event_id).order_by(owed.id)
    lanes: dict[str, list[str]] = defaultdict(list)
    for target, event_type in execute(database_url, query):
        lanes[target].append(event_type)
    assert ["a", "b", "c", "d"] == lanes["a0@x"]
    assert ["b", "d"] == lanes["a3@x"]
    assert ["b"] == lanes[f"a{MANY - 1}@x"]


def test_a_source_remembers_nothing_before_its_large_events_are_complete(store, database_url, full_disk):
    """What it hands over again completes them."""
    store.sources.add(a_source())
    claim_sources(store)
    batch = [
        large(Event("a", {"n": n}, id=derived_id(NAMESPACE_DNS, f"{n}")), count) for n, count in enumerate([5, MANY, 5])
    ]
    kept = Kept(a_source().id, "one", {"position": 3})
    full_disk(True)
    with pytest.raises(StoreUnavailable):
        write(store, *batch, kept=kept)
    full_disk(False)
    assert {} == store.sources.memory(a_source().id)

    written = write(store, *batch, kept=kept)

    assert (MANY + 10, {"position": 3}) == (written.deliveries, store.sources.memory(a_source().id))
    assert expected(*batch) == stored_targets(database_url)


def test_a_source_without_its_lease_writes_no_piece(store, database_url):
    """Another process runs it now."""
    store.sources.add(a_source())
    claim_sources(store)
    claim_sources(store, "two", START + LEASE)

    with pytest.raises(LeaseLost):
        write(store, large(Event("a", {})), kept=Kept(a_source().id, "one", {"n": 1}))

    assert [] == stored_targets(database_url)


@pytest.mark.parametrize("part", [0, 1])
def test_a_batch_with_a_value_without_a_json_form_writes_no_part(store, database_url, part):
    """Each event is encoded before the first one is written."""
    batch: Sequence[OwedEvent] = [large(Event("a", {})), large(Event("b", {"n": object()}), [MANY, 5][part])]

    with pytest.raises(TypeError):
        write(store, *batch)

    assert [] == stored_targets(database_url)


def test_the_last_piece_ends_the_listeners_of_a_task(store):
    """A listener that is registered meanwhile makes the dispatcher choose the targets again."""
    listener = Listener("mail", {}, ("task.*",), "t", id="5f0c1e2d3a4b5c6d7e8f9012")
    store.listeners.add(listener)
    each = replace(large(Event("task.error", {}, {"task_id": "t"}), listener=listener.id), ended=[listener.id])

    assert store.outbox.add_all([each], store.listeners.latest_revision() - 1, START) is None
    assert [listener] == store.listeners.all()[1]
    assert MANY == write(store, each).deliveries

    assert [] == store.listeners.all()[1]
    assert MANY == write(store, replace(each, ended=())).deliveries
