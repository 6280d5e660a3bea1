"""Listeners in the database, and the revision that changes with them."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
import sqlalchemy as sa

from pulp_notifiers.delivery import Deliveries
from pulp_notifiers.event import Event
from pulp_notifiers.records import DeliveryFilter, DeliveryState, LaneState, Listener, ListenerChange
from pulp_notifiers.store import schema
from tests.support.memory import START
from tests.support.stored import LEASE, add, claim, execute, fire, outcome, record

ID = "5f0c1e2d3a4b5c6d7e8f9012"


def test_listeners_are_read_back_unchanged_in_the_order_of_their_creation(store, open_store):
    """Configs and event types are as they were written."""
    first = Listener("http", {"url": "x", "n": [1, None, {"é": 2.5}]}, ("*", "*"), id=ID)
    second = Listener("email", {}, ("repo.sync.start",), id="0" * 24)
    for listener in (first, second):
        store.listeners.add(listener)

    assert [first, second] == open_store().listeners.all()[1]
    assert first == store.listeners.get(ID)
    assert store.listeners.get("f" * 24) is None


def test_configs_of_listeners_are_encrypted_at_rest(store, database_url):
    """Neither the password nor the URL can be read in the database."""
    store.listeners.add(Listener("http", {"url": "https://u", "password": "hunter2"}, ("*",), id=ID))

    (row,) = execute(database_url, sa.select(schema.listeners))

    assert "hunter2" not in str(row)
    assert "https" not in str(row)


def test_a_listener_whose_config_cannot_be_decrypted_does_not_hide_the_others(store, database_url):
    """It is there without its config, which stays as it is until another one is given."""
    for number in range(2):
        store.listeners.add(Listener("http", {"url": "x"}, ("*",), id=f"{number:024}"))
    damaged = schema.listeners.c.id == f"{0:024}"
    execute(database_url, schema.listeners.update().where(damaged).values(sealed_config="?"))

    first, second = store.listeners.all()[1]
    for options in (None, {}):
        types = ListenerChange(options, event_types=("repo.sync.start",))
        store.listeners.change(first.id, lambda stored, types=types: types.applied_to(stored, stored.config))
    ((kept,),) = execute(database_url, sa.select(schema.listeners.c.sealed_config).where(damaged))
    config = ListenerChange(config={"url": "y"})
    store.listeners.change(first.id, lambda stored: config.applied_to(stored, {"url": "y"}))

    assert ({}, {"url": "x"}, None) == (first.config, second.config, second.unreadable)
    assert "cannot be decrypted" in first.unreadable
    assert "?" == kept
    assert Listener("http", {"url": "y"}, ("repo.sync.start",), id=first.id) == store.listeners.get(first.id)


def test_every_change_of_listeners_raises_the_revision(store):
    """Adding, changing and deleting a listener each raise it, so dispatchers notice that theirs is old."""
    revisions = [store.listeners.all()[0]]
    store.listeners.add(Listener("http", {}, ("*",), id=ID))
    revisions.append(store.listeners.all()[0])
    store.listeners.change(ID, lambda stored: replace(stored, config={"url": "x"}))
    revisions.append(store.listeners.all()[0])
    store.listeners.delete(ID, START)
    revisions.append(store.listeners.all()[0])

    assert sorted(set(revisions)) == revisions


def test_a_change_that_raises_writes_nothing(store):
    """The exception reaches the caller."""
    store.listeners.add(Listener("http", {"url": "x"}, ("*",), id=ID))

    def refuse(stored):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        store.listeners.change(ID, refuse)
    assert {"url": "x"} == store.listeners.get(ID).config
    assert store.listeners.change("f" * 24, refuse) is None


def test_concurrent_changes_of_a_listener_are_all_kept(open_store):
    """None overwrites another."""
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


def test_a_listener_added_while_listeners_are_read_is_not_missed(store, open_store):
    """The revision that a reader gets is never newer than its listeners."""
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

    assert listeners or add(store, Event("a", {}), [], revision) is None


def test_deleting_a_listener_turns_what_it_is_owed_into_dead_letters(store):
    """A worker that is attempting one of them has lost the lane."""
    store.listeners.add(Listener("http", {}, ("*",), id=ID))
    fire(store, listener=ID)
    (claimed,) = claim(store)

    assert store.listeners.delete(ID, START)

    assert LaneState.LOST is record(store, claimed, outcome(DeliveryState.DELIVERED))
    (dead,) = Deliveries(store.history).list(DeliveryFilter(state=DeliveryState.DEAD))[1]
    assert "was deleted" in dead.last_error
    assert [] == claim(store, now=START + 9 * LEASE)
    assert not store.listeners.delete(ID, START)
