"""What listeners ask sources to include, in the database."""

from dataclasses import replace

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from pulp_notifiers.records import Listener
from pulp_notifiers.store import schema
from pulp_notifiers.store.store import _MIGRATIONS
from tests.support.stored import execute

ID = "5f0c1e2d3a4b5c6d7e8f9012"
ASKING = Listener("http", {"url": "http://x/"}, ("repo.#",), include=("content", "log"), id=ID)


def test_what_a_listener_includes_survives_other_changes_in_its_order(store):
    """It can be removed like any other field."""
    store.listeners.add(ASKING)
    before = store.listeners.latest_revision()

    assert ASKING == store.listeners.get(ID)
    store.listeners.change(ID, lambda found: replace(found, config={"url": "http://y/"}))
    assert replace(ASKING, config={"url": "http://y/"}) == store.listeners.get(ID)
    store.listeners.change(ID, lambda found: replace(found, include=()))

    assert ((), before + 2) == (store.listeners.get(ID).include, store.listeners.latest_revision())


def test_the_migration_leaves_existing_listeners_without_source_options(database_url, open_store):
    """It adds a column and changes no row."""
    engine = sa.create_engine(database_url)
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0003")
        old = {"id": ID, "notifier_type": "http", "sealed_config": "sealed", "event_types": '["*"]', "task_id": "t"}
        names = ", ".join(old)
        connection.execute(sa.text(f"INSERT INTO listeners ({names}) VALUES (:{names.replace(', ', ', :')})"), old)
    engine.dispose()

    open_store()

    [row] = execute(database_url, sa.select(schema.listeners))
    assert {**old, "source_options": None}.items() <= row._asdict().items()


def test_a_listener_that_includes_nothing_has_no_source_options(store, database_url):
    """Its row is like those from before the migration."""
    store.listeners.add(replace(ASKING, include=()))

    assert [(None,)] == execute(database_url, sa.select(schema.listeners.c.source_options))
    assert () == store.listeners.get(ID).include
