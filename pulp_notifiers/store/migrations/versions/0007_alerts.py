"""Names and conditions of listeners, their errors, templates, kept events, and answers to repeated requests."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

_time = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add columns and tables; listeners that exist get names from their notifier types and ids."""
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
        sa.Column("stored_at", _time),
        sa.Column("repo_id", sa.Text),
        sa.Column("server", sa.Text),
        sa.Column("domain", sa.Text),
        sa.Column("result", sa.Text),
    ):
        op.add_column("events", column)
    op.create_index("ix_events_stored_at_id", "events", ["stored_at", "id"])
    op.execute("UPDATE listeners SET name = substr(notifier_type, 1, 39) || '-' || id")
    op.create_index("ix_listeners_name", "listeners", ["name"], unique=True)
