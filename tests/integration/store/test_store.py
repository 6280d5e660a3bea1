"""What is kept, on SQLite and PostgreSQL alike."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from pulp_notifiers.errors import InvalidSetting
from pulp_notifiers.event import Event
from pulp_notifiers.records import (
    Attempt,
    Claim,
    DeliveryFilter,
    DeliveryState,
    LaneState,
    Listener,
    Operation,
    Outcome,
    Owed,
    User,
)
from pulp_notifiers.store import Store, Vault, schema
from tests.support.memory import START

NOW = START
LEASE = timedelta(seconds=30)
ID = "5f0c1e2d3a4b5c6d7e8f9012"


def fire(store: Store, repo: str = "zoo", listener: str = "l", targets=("",), event=None, **payload) -> Event:
    event = event or Event("repo.sync.start", {"repo_id": repo, **payload}, occurred_at=NOW)
    revision = store.listeners.all()[0]
    owed = [Owed(listener, "http", target) for target in targets]
    assert store.outbox.add(event, owed, revision, NOW) is not None
    return event


def claim(store: Store, limit: int = 10, now=NOW, except_listeners=()) -> list[Claim]:
    return store.claims.claim(now, now + LEASE, limit, except_listeners)


def outcome(state: DeliveryState, number: int = 1, error=None, due_at=None) -> Outcome:
    return Outcome(state, Attempt(number, NOW, NOW + timedelta(seconds=1), error), due_at)


def work_off(store: Store, claimed: Claim, state=DeliveryState.DELIVERED) -> None:
    for owed in claimed.deliveries:
        assert LaneState.LOST is not store.claims.record(
            claimed, owed, outcome(state), NOW, owed is claimed.deliveries[-1]
        )


def test_the_migrations_make_the_schema_that_the_code_works_with(store, database_url):
    """Nobody forgot a migration."""
    engine = sa.create_engine(database_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})

        assert [] == compare_metadata(context, schema.metadata)
    engine.dispose()


def test_a_database_without_the_newest_schema_is_refused_with_the_remedy(database_url, tmp_path):
    """Which is one command."""
    bare = Store(database_url, lambda sealed: Vault.from_file(tmp_path / "key", may_create=not sealed))

    with pytest.raises(InvalidSetting, match="run pulp-notifiers db upgrade"):
        bare.require_schema()

    bare.upgrade()
    bare.require_schema()
    bare.close()


def test_many_processes_may_upgrade_at_the_same_moment(database_url, tmp_path):
    """A deployment starts them all at once."""
    stores = [Store(database_url, lambda sealed: Vault.from_file(tmp_path / "key", True)) for _ in range(4)]

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(Store.upgrade, stores))

    for store in stores:
        store.require_schema()
        store.close()


def test_listeners_come_back_in_the_order_of_their_creation(store, open_store):
    """With configs and event types as they were."""
    first = Listener("http", {"url": "x", "n": [1, None, {"é": 2.5}]}, ("*", "*"), id=ID)
    second = Listener("email", {}, ("repo.sync.start",), id="0" * 24)
    for listener in (first, second):
        store.listeners.add(listener)

    assert [first, second] == open_store().listeners.all()[1]
    assert first == store.listeners.get(ID)
    assert store.listeners.get("f" * 24) is None


def test_configs_are_sealed_at_rest(store, database_url):
    """Neither the password nor the URL can be read in the database."""
    store.listeners.add(Listener("http", {"url": "https://u", "password": "hunter2"}, ("*",), id=ID))

    engine = sa.create_engine(database_url)
    with engine.connect() as connection:
        (row,) = connection.execute(sa.select(schema.listeners)).all()
    engine.dispose()

    assert "hunter2" not in str(row)
    assert "https" not in str(row)


def test_every_change_of_listeners_raises_the_revision(store):
    """By which dispatchers know that theirs is old."""
    revisions = [store.listeners.all()[0]]
    store.listeners.add(Listener("http", {}, ("*",), id=ID))
    revisions.append(store.listeners.all()[0])
    store.listeners.change(ID, lambda stored: replace(stored, config={"url": "x"}))
    revisions.append(store.listeners.all()[0])
    store.listeners.delete(ID, NOW)
    revisions.append(store.listeners.all()[0])

    assert sorted(set(revisions)) == revisions


def test_a_change_that_raises_changes_nothing(store):
    """The error is passed on."""
    store.listeners.add(Listener("http", {"url": "x"}, ("*",), id=ID))

    def refuse(stored):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        store.listeners.change(ID, refuse)
    assert {"url": "x"} == store.listeners.get(ID).config
    assert store.listeners.change("f" * 24, refuse) is None


def test_two_changes_at_the_same_moment_both_count(open_store):
    """Neither overwrites the other."""
    stores = [open_store() for _ in range(4)]
    stores[0].listeners.add(Listener("http", {}, ("*",), id=ID))
    barrier = threading.Barrier(4)

    def change(number: int) -> None:
        barrier.wait()
        for step in range(10):
            key = f"{number}.{step}"
            stores[number].listeners.change(
                ID, lambda stored, key=key: replace(stored, config={**stored.config, key: 1})
            )

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(change, range(4)))

    assert 40 == len(stores[0].listeners.get(ID).config)


def test_an_event_comes_back_as_it_was_fired(store):
    """Through the database and a claim."""
    event = Event("repo.sync.finish", {"repo_id": "zoo", "nested": [{"é": None}], "n": 2**53}, {"task_id": "t"})
    fire(store, event=event)

    (claimed,) = claim(store)

    assert event == claimed.deliveries[0].event
    assert list(event.payload) == list(claimed.deliveries[0].event.payload)


def test_firing_an_event_again_adds_nothing(store):
    """A source that is not sure may repeat itself."""
    event = fire(store, targets=("a", "b"))

    assert 2 == store.outbox.add(event, [Owed("l", "http", "c")], store.listeners.all()[0], NOW)
    assert 2 == store.history.deliveries()[0]


def test_an_old_revision_writes_nothing(store):
    """The caller must look at the listeners again."""
    revision = store.listeners.all()[0]
    store.listeners.add(Listener("http", {}, ("*",), id=ID))

    assert store.outbox.add(Event("a", {}), [Owed("l", "http", "")], revision, NOW) is None
    assert store.outbox.add(Event("a", {}), [], revision, NOW) is None
    assert 0 == store.history.deliveries()[0]


def test_deliveries_about_one_repository_to_one_target_are_one_lane(store):
    """And are claimed together, in the order of their events."""
    for number in range(5):
        fire(store, "zoo", number=number, targets=("a", "b"))
    fire(store, "other")

    claimed = claim(store)

    lanes = sorted(
        [owed.event.payload.get("number") for owed in each.deliveries] for each in claimed if each.deliveries[0].target
    )
    assert [[0, 1, 2, 3, 4]] * 2 == lanes
    assert 3 == len(claimed)


def test_what_is_claimed_is_left_alone_until_its_lease_ends(store):
    """Then another worker takes it."""
    fire(store)
    (first,) = claim(store)

    assert [] == claim(store, now=NOW + LEASE - timedelta(seconds=1))
    (second,) = claim(store, now=NOW + LEASE)
    assert first.lane == second.lane


def test_a_renewed_lease_lasts_and_a_lost_one_is_not_taken_back(store):
    """Renewing is for the holder."""
    fire(store)
    (first,) = claim(store)
    store.claims.renew([first], NOW + 2 * LEASE)
    assert [] == claim(store, now=NOW + LEASE)

    (second,) = claim(store, now=NOW + 2 * LEASE)
    store.claims.renew([first], NOW + 9 * LEASE)

    assert LaneState.LOST is store.claims.record(
        first, first.deliveries[0], outcome(DeliveryState.DELIVERED), NOW, True
    )
    assert LaneState.LOST is not store.claims.record(
        second, second.deliveries[0], outcome(DeliveryState.DELIVERED), NOW, True
    )


def test_a_released_lane_can_be_claimed_at_once(store):
    """As when a worker stops."""
    fire(store)
    first = claim(store)

    store.claims.release(first)

    assert first[0].lane == claim(store)[0].lane


def test_delivered_means_done_with_its_attempt_kept(store):
    """And nothing is due any more."""
    fire(store)
    (claimed,) = claim(store)
    work_off(store, claimed)

    (delivery,) = store.history.deliveries()[1]
    assert (DeliveryState.DELIVERED, 1, None, None) == (
        delivery.state,
        delivery.attempts,
        delivery.due_at,
        delivery.last_error,
    )
    assert [Attempt(1, NOW, NOW + timedelta(seconds=1), None)] == store.history.attempts(delivery.id)
    assert store.claims.next_due() is None
    assert [] == claim(store, now=NOW + 9 * LEASE)


def test_a_failed_delivery_holds_its_lane_until_it_is_due(store):
    """What came after it waits; what is about another repository does not."""
    fire(store, "zoo", number=1)
    (claimed,) = claim(store)
    later = NOW + timedelta(seconds=10)
    failed = outcome(DeliveryState.PENDING, error="HTTP 503", due_at=later)
    assert LaneState.LOST is not store.claims.record(claimed, claimed.deliveries[0], failed, NOW, True)
    fire(store, "zoo", number=2)
    fire(store, "other", number=3)

    assert [3] == [each.deliveries[0].event.payload["number"] for each in claim(store)]
    assert later == store.claims.next_due()
    (due,) = claim(store, now=later)
    assert [1] == [owed.event.payload["number"] for owed in due.deliveries]
    work_off(store, due)
    assert [[2]] == [[owed.event.payload["number"] for owed in each.deliveries] for each in claim(store, now=later)]


def test_a_dead_letter_is_kept_with_its_last_error(store):
    """And the next of its lane can go."""
    fire(store, number=1)
    (claimed,) = claim(store)
    assert LaneState.LOST is not store.claims.record(
        claimed, claimed.deliveries[0], outcome(DeliveryState.DEAD, error="gone"), NOW, True
    )
    fire(store, number=2)

    count, (dead,) = store.history.deliveries(DeliveryFilter(state=DeliveryState.DEAD))
    assert (1, "gone", NOW + timedelta(seconds=1)) == (count, dead.last_error, dead.finished_at)
    assert [2] == [each.deliveries[0].event.payload["number"] for each in claim(store)]


def test_listeners_with_enough_to_do_are_left_out(store):
    """Their lanes stay for later."""
    fire(store, listener="busy")
    fire(store, listener="idle")

    assert ["idle"] == [each.listener_id for each in claim(store, except_listeners={"busy"})]


def test_two_workers_never_hold_the_same_lane(open_store):
    """Whatever they do at the same moment."""
    stores = [open_store() for _ in range(3)]
    for number in range(60):
        fire(stores[0], f"repo{number}")
    barrier = threading.Barrier(3)

    def take(store: Store) -> list[int]:
        barrier.wait()
        return [each.lane for _ in range(10) for each in claim(store, limit=3)]

    with ThreadPoolExecutor(3) as pool:
        lanes = [lane for taken in pool.map(take, stores) for lane in taken]

    assert len(set(lanes)) == len(lanes)
    assert 60 == len(lanes)


def test_nothing_gets_stuck_when_firing_and_finishing_meet(open_store):
    """The last delivery of a lane ends while the next one is written."""
    firing, working = open_store(), open_store()
    total, stop = 200, threading.Event()

    def work() -> list[int]:
        done: list[int] = []
        while len(done) < total and not stop.is_set():
            for claimed in claim(working, limit=2):
                work_off(working, claimed)
                done += [owed.event.payload["number"] for owed in claimed.deliveries]
        return done

    with ThreadPoolExecutor(1) as pool:
        worked = pool.submit(work)
        for number in range(total):
            fire(firing, "zoo", number=number)
        try:
            done = worked.result(60)
        finally:
            stop.set()

    assert list(range(total)) == done
    assert 0 == firing.history.backlog().pending


def test_a_deleted_listener_is_owed_nothing_any_more(store):
    """What it was owed is kept as dead letters; its worker is told that the lane is gone."""
    store.listeners.add(Listener("http", {}, ("*",), id=ID))
    fire(store, listener=ID)
    (claimed,) = claim(store)

    assert store.listeners.delete(ID, NOW)

    assert LaneState.LOST is store.claims.record(
        claimed, claimed.deliveries[0], outcome(DeliveryState.DELIVERED), NOW, True
    )
    (dead,) = store.history.deliveries(DeliveryFilter(state=DeliveryState.DEAD))[1]
    assert "was deleted" in dead.last_error
    assert [] == claim(store, now=NOW + 9 * LEASE)
    assert not store.listeners.delete(ID, NOW)


def test_deliveries_are_found_by_what_they_are(store):
    """Newest first, in pages, with the count of all."""
    events = [fire(store, f"repo{number}", listener="abc"[number % 3]) for number in range(9)]
    work_off(store, claim(store, limit=1)[0])

    assert (9, [9, 8]) == _numbers(store.history.deliveries(limit=2))
    assert (9, [1]) == _numbers(store.history.deliveries(limit=2, offset=8))
    assert (3, [8, 5, 2]) == _numbers(store.history.deliveries(DeliveryFilter(listener_id="b")))
    assert (1, [5]) == _numbers(store.history.deliveries(DeliveryFilter(event_id=str(events[4].id))))
    assert (8, [9]) == _numbers(store.history.deliveries(DeliveryFilter(state=DeliveryState.PENDING), limit=1))
    assert (9, [9]) == _numbers(store.history.deliveries(DeliveryFilter(event_type="repo.sync.start"), limit=1))
    assert (0, []) == _numbers(store.history.deliveries(DeliveryFilter(event_type="a")))
    assert store.history.delivery(99) is None
    assert events[2].id.__str__() == store.history.delivery(3).event_id


def _numbers(found):
    return found[0], [delivery.id for delivery in found[1]]


def test_the_backlog_counts_what_is_not_delivered(store):
    """And how long the oldest waits."""
    assert (0, 0, None) == _backlog(store)
    for repo in ("a", "b", "c"):
        fire(store, repo)
    work_off(store, claim(store, limit=1)[0], DeliveryState.DEAD)

    assert (2, 1, NOW) == _backlog(store)


def _backlog(store):
    backlog = store.history.backlog()
    return backlog.pending, backlog.dead, backlog.oldest_pending_at


def test_what_ended_long_ago_is_deleted_with_all_that_belongs_to_it(store, database_url):
    """What is pending never is."""
    fire(store, "delivered")
    work_off(store, claim(store)[0])
    fire(store, "dead")
    work_off(store, claim(store)[0], DeliveryState.DEAD)
    fire(store, "pending")
    later = NOW + timedelta(days=1)

    assert 1 == store.history.prune(delivered_before=later, dead_before=NOW)
    assert 1 == store.history.prune(delivered_before=later, dead_before=later)
    assert 0 == store.history.prune(delivered_before=later, dead_before=later)

    engine = sa.create_engine(database_url)
    with engine.connect() as connection:
        counts = [
            connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
            for table in (schema.events, schema.deliveries, schema.attempts)
        ]
    engine.dispose()
    assert [1, 1, 0] == counts


def test_users_and_grants_are_kept(store):
    """A login is taken once; grants add up; both go together."""
    assert store.users.add_user(User("joe", "hash", False))
    assert not store.users.add_user(User("joe", "other", True))
    store.users.grant("joe", "/v2/", [Operation.READ, Operation.READ])
    store.users.grant("joe", "/v2/", [Operation.READ, Operation.CREATE])

    assert User("joe", "hash", False) == store.users.user("joe")
    assert {"/v2/": {Operation.READ, Operation.CREATE}} == store.users.grants("joe")
    assert store.users.set_password("joe", "new")
    assert ["new"] == [user.password_hash for user in store.users.users()]
    assert store.users.delete_user("joe")
    assert {} == store.users.grants("joe")
    assert not store.users.delete_user("joe")
    assert not store.users.set_password("joe", "x")
    assert store.users.user("joe") is None


def test_the_key_must_be_there_where_listeners_are(store, database_url, tmp_path):
    """A lost key file is told at start."""
    store.listeners.add(Listener("http", {}, ("*",), id=ID))
    (tmp_path / "key").unlink()
    again = Store(database_url, lambda sealed: Vault.from_file(tmp_path / "key", may_create=not sealed))

    with pytest.raises(InvalidSetting, match="restore the file from a backup"):
        again.open_cipher()
    again.close()


def test_a_wrong_key_is_told_at_start(store, database_url, tmp_path):
    """And not at the first event."""
    store.listeners.add(Listener("http", {}, ("*",), id=ID))
    again = Store(database_url, lambda sealed: Vault.from_file(tmp_path / "another", may_create=True))

    with pytest.raises(InvalidSetting, match="not the one they were encrypted with"):
        again.open_cipher()
    again.close()


def test_a_schema_of_a_newer_release_is_told(store, database_url):
    """With what to do, which is not an upgrade of the database."""
    engine = sa.create_engine(database_url)
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()

    for refused in (store.upgrade, store.require_schema):
        with pytest.raises(InvalidSetting, match="schema 9999, which this release does not know"):
            refused()


def test_a_listener_added_while_listeners_are_read_is_not_missed(store, open_store):
    """Whatever the reader sees, its revision is not newer than its listeners."""
    other = open_store()
    added = []

    def add_meanwhile(connection, cursor, statement, *_):
        if not added and "listeners" in statement:
            added.append(True)
            threading.Thread(target=other.listeners.add, args=(Listener("http", {}, ("*",), id=ID),)).start()
            while other.listeners.get(ID) is None:
                pass

    sa.event.listen(store._database.engine, "before_cursor_execute", add_meanwhile)
    revision, listeners = store.listeners.all()

    assert listeners or store.outbox.add(Event("a", {}), [], revision, NOW) is None


def test_a_lane_in_which_nothing_is_owed_goes(store, database_url):
    """On PostgreSQL, deleting a listener while firing can leave one."""
    fire(store, listener=ID)
    engine = sa.create_engine(database_url)
    with engine.begin() as connection:
        connection.execute(schema.deliveries.update().values(state="dead", finished_at=NOW))
    engine.dispose()

    assert [] == claim(store)
    assert store.claims.next_due() is None
    assert [] == claim(store, now=NOW + 9 * LEASE)


def test_what_was_written_while_a_clock_was_wrong_does_not_wait_for_ever(store):
    """Neither due times nor leases from the far future."""
    fire(store)
    future = NOW + timedelta(days=365)
    (claimed,) = claim(store, now=future)

    (again,) = claim(store)
    failed = outcome(DeliveryState.PENDING, error="x", due_at=future)
    assert claimed.lane == again.lane
    assert LaneState.PENDING is store.claims.record(again, again.deliveries[0], failed, NOW, True)

    assert [claimed.lane] == [each.lane for each in claim(store)]


def test_a_claim_brings_the_reason_of_the_last_failure(store):
    """By which the log tells repeats from news."""
    fire(store)
    (claimed,) = claim(store)
    failed = outcome(DeliveryState.PENDING, error="HTTP 503", due_at=NOW)
    store.claims.record(claimed, claimed.deliveries[0], failed, NOW, True)

    (again,) = claim(store)

    assert (1, "HTTP 503") == (again.deliveries[0].attempts, again.deliveries[0].last_error)


def test_a_claim_brings_no_more_events_than_fit_into_memory(store):
    """But always one, however large."""
    for number in range(4):
        fire(store, number=number, filler="x" * 150_000)
    fire(store, "large", filler="x" * 5_000_000)

    runs = [[owed.event.payload.get("number") for owed in each.deliveries] for each in claim(store)]

    assert [[0], [None]] == runs
