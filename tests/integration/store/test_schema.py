"""The schema of the database: its migrations, and releases that do not match it."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import NAMESPACE_DNS, uuid5

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext

from pulp_notifiers.errors import InvalidSetting
from pulp_notifiers.event import Event
from pulp_notifiers.records import Owed
from pulp_notifiers.store import Store, Vault, schema
from pulp_notifiers.store.migration import MIGRATIONS, newest_revision
from tests.support.memory import START
from tests.support.stored import add, claim, execute


@pytest.fixture
def database_url(empty_database_url):
    """The URL of a database without a schema."""
    return empty_database_url


def test_the_migrations_create_the_schema_that_the_code_works_with(store, database_url):
    """No migration is missing."""
    engine = sa.create_engine(database_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})

        assert [] == compare_metadata(context, schema.metadata)
    engine.dispose()


def test_a_database_without_the_newest_schema_is_refused_with_the_command_that_upgrades_it(database_url, tmp_path):
    """The upgraded database is then accepted."""
    bare = Store(database_url, lambda sealed: Vault.from_file(tmp_path / "key", may_create=not sealed))

    with pytest.raises(InvalidSetting, match="run pulp-notifiers db upgrade"):
        bare.require_schema()

    bare.upgrade()
    bare.require_schema()
    bare.close()


def test_several_processes_can_upgrade_at_the_same_time(database_url, tmp_path):
    """A deployment may start them all at once."""
    stores = [Store(database_url, lambda sealed: Vault.from_file(tmp_path / "key", True)) for _ in range(4)]

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(Store.upgrade, stores))

    for store in stores:
        store.require_schema()
        store.close()


def test_a_schema_of_a_newer_release_is_refused(store, database_url):
    """The message asks for a newer release, not for an upgrade of the database."""
    execute(database_url, sa.text("UPDATE alembic_version SET version_num = '9999'"))

    for refused in (store.upgrade, store.require_schema):
        with pytest.raises(InvalidSetting, match="schema 9999, which this release does not know"):
            refused()


OLD_LISTENER = {
    "id": "5f0c1e2d3a4b5c6d7e8f9012",
    "notifier_type": "http",
    "sealed_config": "sealed",
    "event_types": '["*"]',
}


@pytest.mark.parametrize(
    ("revision", "row", "added"),
    [
        ("0001", OLD_LISTENER, {"task_id": None, "ended_at": None}),
        ("0003", {**OLD_LISTENER, "task_id": "t"}, {"source_options": None}),
    ],
)
def test_an_upgrade_adds_columns_and_leaves_existing_listeners_unchanged(
    database_url, open_store, revision, row, added
):
    """The new columns are null, as for a listener on no task that asks sources for nothing."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    engine = sa.create_engine(database_url)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    engine.dispose()
    names = ", ".join(row)
    execute(database_url, sa.text(f"INSERT INTO listeners ({names}) VALUES (:{names.replace(', ', ', :')})"), row)

    open_store()

    [upgraded] = execute(database_url, sa.select(schema.listeners))
    assert {**row, **added}.items() <= upgraded._asdict().items()


def test_an_upgrade_names_listeners_by_what_they_do(database_url, open_store):
    """The oldest of those that do the same has no number; all stay enabled and unconditional."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    engine = sa.create_engine(database_url)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0006")
    engine.dispose()
    types = ['["*"]', '["*"]', '["repo-events.2"]', '["*"]', '["task.error", "repo.#"]', "[]"]
    for number, event_types in enumerate(types):
        row = {**OLD_LISTENER, "id": f"{number:024}", "event_types": event_types, "notifier_type": "é" * (number == 5)}
        row["notifier_type"] = row["notifier_type"] or "http"
        names = ", ".join(row)
        execute(database_url, sa.text(f"INSERT INTO listeners ({names}) VALUES (:{names.replace(', ', ', :')})"), row)

    store = open_store()

    columns = schema.listeners.c
    found = execute(database_url, sa.select(columns.name, columns.enabled, columns.condition).order_by(columns.id))
    names = ["http-repo-events", "http-repo-events-2", "http-repo-events-2-2", "http-repo-events-3"]
    assert [*names, "http-task-error-repo", "listener"] == [row.name for row in found]
    assert {(True, None)} == {(row.enabled, row.condition) for row in found}
    store.require_schema()


def test_an_upgrade_leaves_stored_events_complete_under_their_ids(database_url, open_store):
    """An id that an earlier release gave to a task event stays, and so does its meaning."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    engine = sa.create_engine(database_url)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0004")
    engine.dispose()
    event = Event("task.error", {"task_id": "t"}, id=uuid5(NAMESPACE_DNS, "t error"))
    row = {"id": str(event.id), "type": event.type, "payload": '{"task_id": "t"}', "at": "2026-11-01 12:00:00"}
    insert = "INSERT INTO events (id, type, payload, occurred_at, source) VALUES (:id, :type, :payload, :at, 'task')"
    execute(database_url, sa.text(insert), row)

    store = open_store()

    assert [(None,)] == execute(database_url, sa.select(schema.events.c.unfinished_after))
    assert 0 == add(store, event, [Owed("l", "http", "")])
    assert [event.id] == store.outbox.stored([event.id])


def test_the_newest_revision_is_the_one_to_which_the_migrations_lead():
    """A start with that revision needs no Alembic."""
    assert newest_revision() == schema.REVISION


def test_lanes_that_wait_and_lanes_that_are_leased_go_on_after_an_upgrade(database_url, open_store):
    """How long they may wait is not known of them, so as long as any setting allows."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    engine = sa.create_engine(database_url)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0004")
    engine.dispose()
    later = START + timedelta(days=6)
    insert = sa.text(
        "INSERT INTO lanes (key, listener_id, due_at, lease_owner, lease_until) "
        "VALUES (:key, 'l', :due, :owner, :until)"
    ).bindparams(sa.bindparam("due", type_=schema.UtcTime()), sa.bindparam("until", type_=schema.UtcTime()))
    waiting = {"key": "waiting", "due": later, "owner": None, "until": None}
    leased = {"key": "leased", "due": START, "owner": "worker", "until": START + timedelta(minutes=50)}
    execute(database_url, insert, [waiting, leased])

    assert [] == claim(open_store())

    lanes = execute(database_url, sa.select(schema.lanes).order_by(schema.lanes.c.key))
    assert [("leased", START, "worker", 0), ("waiting", later, None, 0)] == [
        (lane.key, lane.due_at, lane.lease_owner, lane.crashes) for lane in lanes
    ]
