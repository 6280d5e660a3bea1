"""Templates as rows."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from pulp_notifiers.records import Listener, Template

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)
SHORT = Template(
    "short",
    "http",
    {"json": {"text": "{{ about.reason }} ☎", "list": [1, None]}, "headers": {"X-A": "é"}},
    "Short ☎",
    ("task.#", "repo.sync.finish"),
    created_at=NOON,
    changed_at=NOON,
)


def test_a_template_comes_back_as_it_was_stored(store):
    """Lists are in the order of the names."""
    other = replace(SHORT, name="longer", parts={"body": "x"})

    assert store.templates.add(SHORT)
    assert store.templates.add(other)
    assert [other, SHORT] == store.templates.all()
    assert SHORT == store.templates.get("short")
    assert [SHORT] == store.templates.some(["short", "unknown"])
    assert store.templates.get("unknown") is None


def test_a_name_is_given_once(store):
    """The first template stays."""
    store.templates.add(SHORT)

    assert not store.templates.add(replace(SHORT, parts={}))
    assert [SHORT] == store.templates.all()


def test_every_change_raises_the_revision_of_the_listeners(store):
    """So the workers of all processes read templates again; a refused one changes nothing."""
    revisions = [store.listeners.latest_revision()]

    def refuse(_template, _users=()):
        raise LookupError("no")

    def look():
        revisions.append(store.listeners.latest_revision())

    store.templates.add(SHORT)
    look()
    changed = store.templates.change("short", lambda found: replace(found, parts={"body": "x"}))
    look()
    for refused in (lambda: store.templates.change("short", refuse), lambda: store.templates.delete("short", refuse)):
        with pytest.raises(LookupError):
            refused()
    store.templates.change("unknown", refuse)
    look()
    assert store.templates.delete("short")
    look()
    assert not store.templates.delete("short")

    assert {"body": "x"} == changed.parts
    first = revisions[0]
    assert [first, first + 1, first + 2, first + 2, first + 3] == revisions


def test_deleting_shows_which_listeners_use_the_template(store):
    """By name, or by id if one has no name; without those that use another."""
    store.templates.add(SHORT)
    for number, template in enumerate(("short", "short", "other", None)):
        name = f"l{number}" if number else None
        store.listeners.add(Listener("http", {}, ("a",), name=name, template=template, id=f"{number:024x}"))
    seen = []

    store.templates.delete("short", lambda template, users: seen.append((template, users)))

    assert [(SHORT, [f"{0:024x}", "l1"])] == seen


def test_a_damaged_template_has_no_parts(store, database_url):
    """Lists and attempts go on."""
    store.templates.add(SHORT)
    engine = sa.create_engine(database_url)
    for parts in ("", "{", "[]", '"x"'):
        with engine.begin() as connection:
            connection.execute(sa.text("UPDATE templates SET parts = :parts, event_types = :parts"), {"parts": parts})

        assert {} == store.templates.get("short").parts, parts
    engine.dispose()
