"""Names of listeners in the database: unique, and free again when a listener is gone."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from pulp_notifiers.errors import NameTaken
from pulp_notifiers.records import Listener
from pulp_notifiers.store import schema
from pulp_notifiers.store.listener_names import ListenerNames
from tests.support.memory import START
from tests.support.stored import execute


def listener(number, name=None):
    """Return a listener with a name, or none."""
    return Listener("http", {}, ("*",), id=f"{number:024}", name=name)


def test_listeners_that_do_the_same_get_names_with_numbers(store):
    """The first has none; a number that became free is used again."""
    names = [store.listeners.add(listener(number), "http-repo-events").name for number in range(4)]
    store.listeners.delete(f"{3:024}", START)

    assert ["http-repo-events", "http-repo-events-2", "http-repo-events-3", "http-repo-events-4"] == names
    assert "http-repo-events-4" == store.listeners.add(listener(9), "http-repo-events").name
    assert f"{9:024}" == store.listeners.named("http-repo-events-4").id


class Lookups:
    """Stands for a database with these names; keeps how many were looked up by each statement."""

    def __init__(self, taken):
        self.taken = taken
        self.asked = []

    def statement(self, _sql):
        """Return the only statement."""
        return self

    def run(self, _connection, names):
        """Return those that are taken."""
        self.asked.append(len(names))
        return [(name,) for name in names if name in self.taken]


@pytest.mark.parametrize("number", [1, 2, 3, 4, 5, 17, 1000, 10_000, 1_000_000])
def test_the_name_after_very_many_equal_ones_takes_a_few_statements(number):
    """It is found by halves."""
    database = Lookups({"x", *(f"x-{each}" for each in range(2, number + 1))})

    assert f"x-{number + 1}" == ListenerNames(database).free(None, "x")
    assert len(database.asked) <= 8
    assert sum(database.asked) <= 150


def test_a_name_that_another_listener_has_is_refused(store):
    """When it is registered, and when it is renamed; nothing is written."""
    store.listeners.add(listener(1, "ops"))
    store.listeners.add(listener(2, "Ops"))
    revision = store.listeners.latest_revision()

    with pytest.raises(NameTaken, match="'ops' already exists"):
        store.listeners.add(listener(3, "ops"))
    with pytest.raises(NameTaken):
        store.listeners.change(f"{2:024}", lambda stored: replace(stored, name="ops"))

    assert ["ops", "Ops"] == [each.name for each in store.listeners.all()[1]]
    assert revision == store.listeners.latest_revision()
    store.listeners.change(f"{1:024}", lambda stored: replace(stored, name="ops", description="same name"))


def test_a_listener_that_has_ended_gives_its_name_back(store, database_url):
    """Although its row stays until its deliveries are made."""
    store.listeners.add(listener(1, "ops"))
    execute(database_url, schema.listeners.update().values(ended_at=START))

    assert store.listeners.named("ops") is None
    assert "ops" == store.listeners.add(listener(2, "ops")).name
    assert f"{2:024}" == store.listeners.named("ops").id


def test_names_made_up_at_the_same_moment_are_unique(store, open_store):
    """Also by two processes, with renames, deletions and made-up names between each other."""
    stores = [store, open_store()]

    def work(number):
        own = stores[number % 2].listeners
        name = own.add(listener(number), "same").name
        if number % 5 == 0:
            own.delete(f"{number:024}", START)
        elif number % 3 == 0:
            own.change(f"{number:024}", lambda stored: replace(stored, name=f"renamed-{number}"))
        return name

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(40)))

    names = [each.name for each in store.listeners.all()[1]]
    assert 32 == len(names) == len(set(names))
