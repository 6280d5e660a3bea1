"""What listeners ask of sources, as it is kept."""

from dataclasses import replace

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from pulp_notifiers.records import Listener
from pulp_notifiers.store import schema
from pulp_notifiers.store.store import _MIGRATIONS

ID = "5f0c1e2d3a4b5c6d7e8f9012"
ASKING = Listener("http", {"url": "http://x/"}, ("repo.#",), include=("content", "log"), id=ID)


def test_what_a_listener_asks_is_kept_in_its_order_through_changes(store):
    """Until it asks for nothing."""
    store.listeners.add(ASKING)
    before = store.listeners.latest_revision()

    assert ASKING == store.listeners.get(ID)
    store.listeners.change(ID, lambda found: replace(found, config={"url": "http://y/"}))
    assert replace(ASKING, config={"url": "http://y/"}) == store.listeners.get(ID)
    store.listeners.change(ID, lambda found: replace(found, include=()))

    assert ((), before + 2) == (store.listeners.get(ID).include, store.listeners.latest_revision())


def test_listeners_from_before_there_were_source_options_ask_for_nothing(database_url, open_store):
    """The migration adds a column and touches no row."""
    engine = sa.create_engine(database_url)
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0003")
        old = {"id": ID, "notifier_type": "http", "sealed_config": "sealed", "event_types": '["*"]', "task_id": "t"}
        names = ", ".join(old)
        connection.execute(sa.text(f"INSERT INTO listeners ({names}) VALUES (:{names.replace(', ', ', :')})"), old)

    open_store()

    with engine.connect() as connection:
        [row] = connection.execute(sa.select(schema.listeners)).mappings()
    engine.dispose()
    assert {**old, "source_options": None}.items() <= dict(row).items()


def test_a_listener_that_asks_for_nothing_has_no_source_options(store, database_url):
    """As those that were there before."""
    store.listeners.add(replace(ASKING, include=()))

    engine = sa.create_engine(database_url)
    with engine.connect() as connection:
        assert None is connection.execute(sa.select(schema.listeners.c.source_options)).scalar_one()
    engine.dispose()
    assert () == store.listeners.get(ID).include
