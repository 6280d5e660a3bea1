"""What people give a listener beside what it does."""

from datetime import UTC, datetime

from pulp_notifiers.records import Listener

ID = "5f0c1e2d3a4b5c6d7e8f9012"


def test_name_labels_and_condition_come_back_as_they_were_stored(store):
    """So do the times and whether it is enabled."""
    listener = Listener(
        "http",
        {"url": "http://x/"},
        ("repo.#",),
        name="failures",
        description="Calls ops ☎",
        enabled=False,
        labels={"team": "storage", "é": ""},
        when="payload.result == 'failed'",
        template="short",
        id=ID,
        created_at=datetime(2026, 11, 30, 7, tzinfo=UTC),
        changed_at=datetime(2026, 11, 30, 8, 0, 0, 5, tzinfo=UTC),
    )

    store.listeners.add(listener)

    assert listener == store.listeners.get(ID)
