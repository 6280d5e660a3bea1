"""Listeners, events, lanes, deliveries, attempts, users and grants."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_row_number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_time = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the tables of the first release."""
    meta = op.create_table(
        "meta",
        sa.Column("key", sa.String(64), primary_key=True),
        sa.Column("value", sa.BigInteger, nullable=False),
    )
    op.bulk_insert(meta, [{"key": "listeners", "value": 0}])
    op.create_table(
        "listeners",
        sa.Column("position", _row_number, primary_key=True, autoincrement=True),
        sa.Column("id", sa.String(24), nullable=False, unique=True),
        sa.Column("notifier_type", sa.Text, nullable=False),
        sa.Column("sealed_config", sa.Text, nullable=False),
        sa.Column("event_types", sa.Text, nullable=False),
        sqlite_autoincrement=True,
    )
    _create_outbox()
    _create_users()


def _create_outbox() -> None:
    op.create_table(
        "events",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("type", sa.String(200), nullable=False),
        sa.Column("payload", sa.Text, nullable=False),
        sa.Column("call_report", sa.Text),
        sa.Column("occurred_at", _time, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
    )
    op.create_table(
        "lanes",
        sa.Column("id", _row_number, primary_key=True, autoincrement=True),
        sa.Column("key", sa.String(64), nullable=False, unique=True),
        sa.Column("listener_id", sa.String(24), nullable=False, index=True),
        sa.Column("due_at", _time, nullable=False, index=True),
        sa.Column("lease_owner", sa.String(64)),
        sa.Column("lease_until", _time),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "deliveries",
        sa.Column("id", _row_number, primary_key=True, autoincrement=True),
        sa.Column("event_id", sa.String(36), sa.ForeignKey("events.id"), nullable=False, index=True),
        sa.Column("listener_id", sa.String(24), nullable=False, index=True),
        sa.Column("notifier_type", sa.Text, nullable=False),
        sa.Column("target", sa.Text, nullable=False),
        sa.Column("lane_id", _row_number, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("created_at", _time, nullable=False),
        sa.Column("finished_at", _time),
        sa.Column("last_error", sa.Text),
        sqlite_autoincrement=True,
    )
    pending = sa.text("state = 'pending'")
    op.create_index("ix_deliveries_state_finished_at", "deliveries", ["state", "finished_at"])
    op.create_index(
        "ix_deliveries_lane_pending",
        "deliveries",
        ["lane_id", "id"],
        sqlite_where=pending,
        postgresql_where=pending,
    )
    op.create_table(
        "attempts",
        sa.Column("id", _row_number, primary_key=True, autoincrement=True),
        sa.Column(
            "delivery_id",
            _row_number,
            sa.ForeignKey("deliveries.id", ondelete="CASCADE"),
            nullable=False,
            index=True,
        ),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("started_at", _time, nullable=False),
        sa.Column("finished_at", _time, nullable=False),
        sa.Column("error", sa.Text),
    )


def _create_users() -> None:
    op.create_table(
        "users",
        sa.Column("login", sa.String(255), primary_key=True),
        sa.Column("password_hash", sa.Text, nullable=False),
        sa.Column("super_user", sa.Boolean, nullable=False),
    )
    op.create_table(
        "grants",
        sa.Column("login", sa.String(255), sa.ForeignKey("users.login", ondelete="CASCADE"), primary_key=True),
        sa.Column("resource", sa.String(255), primary_key=True),
        sa.Column("operation", sa.String(16), primary_key=True),
    )
