"""What listeners ask sources to include, in the database."""

from dataclasses import replace

import sqlalchemy as sa

from pulp_notifiers.records import Listener
from pulp_notifiers.store import schema
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


def test_a_listener_that_includes_nothing_has_no_source_options(store, database_url):
    """Its row is like those from before the migration."""
    store.listeners.add(replace(ASKING, include=()))

    assert [(None,)] == execute(database_url, sa.select(schema.listeners.c.source_options))
    assert () == store.listeners.get(ID).include
