"""Names and conditions of listeners, their errors, templates, kept events, and answers to repeated requests."""

import json
from collections import Counter

import sqlalchemy as sa
from alembic import op

from pulp_notifiers.records import made_up_name, numbered_name

revision = "0007"
down_revision = "0006"

_time = sa.DateTime(timezone=True)

# Until this revision, an event was stored in the transaction that wrote its deliveries.
_SET_STORED_AT = """
    UPDATE events SET stored_at = (SELECT min(created_at) FROM deliveries WHERE event_id = events.id)
    WHERE EXISTS (SELECT 1 FROM deliveries WHERE event_id = events.id)
"""

_LISTED = ["stored_at", "id", "type", "repo_id", "server", "domain", "result", "source", "occurred_at"]


def upgrade() -> None:
    """Add columns and tables; listeners that exist get names made up from what they do."""
    for column in (
        sa.Column("name", sa.String(64)),
        sa.Column("description", sa.Text, nullable=False, server_default=""),
        sa.Column("enabled", sa.Boolean, nullable=False, server_default=sa.true()),
        sa.Column("labels", sa.Text),
        sa.Column("condition", sa.Text),
        sa.Column("template", sa.String(64)),
        sa.Column("created_at", _time),
        sa.Column("changed_at", _time),
    ):
        op.add_column("listeners", column)
    op.create_table(
        "listener_errors",
        sa.Column("listener_id", sa.String(24), primary_key=True),
        sa.Column("kind", sa.String(16), primary_key=True),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("event_id", sa.String(36), nullable=False),
        sa.Column("occurred_at", _time, nullable=False),
        sa.Column("problem", sa.Text, nullable=False),
    )
    op.create_table(
        "templates",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("notifier_type", sa.Text, nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("parts", sa.Text, nullable=False),
        sa.Column("event_types", sa.Text, nullable=False),
        sa.Column("created_at", _time, nullable=False),
        sa.Column("changed_at", _time, nullable=False),
    )
    op.create_table(
        "idempotency",
        sa.Column("key", sa.String(64), primary_key=True),
        sa.Column("created_at", _time, nullable=False, index=True),
        sa.Column("sealed_answer", sa.Text, nullable=False),
    )
    op.add_column("sources", sa.Column("changed_at", _time))
    for column in (
        # With a default, because processes of the release before may still run and write events.
        sa.Column("stored_at", _time, nullable=False, server_default="1970-01-01 00:00:00.000000"),
        sa.Column("repo_id", sa.Text),
        sa.Column("server", sa.Text),
        sa.Column("domain", sa.Text),
        sa.Column("result", sa.Text),
    ):
        op.add_column("events", column)
    op.execute(_SET_STORED_AT)
    op.create_index("ix_events_listed", "events", _LISTED)
    op.create_index("ix_events_repo_id", "events", ["repo_id", *(name for name in _LISTED if name != "repo_id")])
    _name_listeners()
    live = sa.text("ended_at IS NULL")
    op.create_index("ix_listeners_name", "listeners", ["name"], unique=True, sqlite_where=live, postgresql_where=live)


def _name_listeners() -> None:
    """Name the listeners by what they do, the oldest without a number."""
    columns = ("id", "notifier_type", "event_types", "task_id", "position")
    listeners = sa.table("listeners", *map(sa.column, (*columns, "name")))
    query = sa.select(*(listeners.c[name] for name in columns)).order_by(listeners.c.position)
    taken: set[str] = set()
    alike: Counter[str] = Counter()
    for row in op.get_bind().execute(query).all():
        name = given = made_up_name(row.notifier_type, json.loads(row.event_types), row.task_id)
        while given in taken:
            alike[name] += 1
            given = numbered_name(name, alike[name] + 1)
        taken.add(given)
        op.execute(listeners.update().where(listeners.c.id == row.id).values(name=given))
