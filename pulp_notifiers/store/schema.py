"""The tables. The records that they fill explain what each column means (:mod:`pulp_notifiers.records`)."""

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

REVISION = "0007"
"""The newest revision, to which the migrations lead; known without them, because Alembic is slow to import."""

metadata = sa.MetaData()

LONGEST_LEASE = timedelta(hours=1)
"""No setting allows more, so a lease that ends later was written while a clock was wrong, and does not count."""


class UtcTime(sa.TypeDecorator[datetime]):
    """An aware UTC time; SQLite has no such type and stores it as naive text."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """Return the value as the driver expects it."""
        if value is None:
            return None
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """Return what was stored, as UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


# SQLite numbers rows by itself only if the key is a plain INTEGER.
_RowNumber = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _id_column(name: str = "id") -> sa.Column[int]:
    return sa.Column(name, _RowNumber, primary_key=True, autoincrement=True)


meta = sa.Table(
    "meta",
    metadata,
    sa.Column("key", sa.String(64), primary_key=True),
    sa.Column("value", sa.BigInteger, nullable=False),
)

listeners = sa.Table(
    "listeners",
    metadata,
    _id_column("position"),
    sa.Column("id", sa.String(24), nullable=False, unique=True),
    sa.Column("notifier_type", sa.Text, nullable=False),
    sa.Column("sealed_config", sa.Text, nullable=False),
    sa.Column("event_types", sa.Text, nullable=False),
    sa.Column("task_id", sa.String(36)),
    sa.Column("ended_at", UtcTime),
    sa.Column("source_options", sa.Text),
    sa.Column("name", sa.String(64)),
    sa.Column("description", sa.Text, nullable=False, server_default=""),
    sa.Column("enabled", sa.Boolean, nullable=False, server_default=sa.true()),
    sa.Column("labels", sa.Text),
    sa.Column("condition", sa.Text),
    sa.Column("template", sa.String(64)),
    sa.Column("created_at", UtcTime),
    sa.Column("changed_at", UtcTime),
    sqlite_autoincrement=True,
)

# The migrations limit this index and that of pending deliveries to a part of the rows: listeners that have ended give
# their names back. An option of PostgreSQL here would import that dialect at every start, which takes a sixth of the
# time that SQLAlchemy takes.
sa.Index("ix_listeners_name", listeners.c.name, unique=True)

listener_errors = sa.Table(
    "listener_errors",
    metadata,
    sa.Column("listener_id", sa.String(24), primary_key=True),
    sa.Column("kind", sa.String(16), primary_key=True),
    sa.Column("number", sa.BigInteger, nullable=False),
    sa.Column("event_id", sa.String(36), nullable=False),
    sa.Column("occurred_at", UtcTime, nullable=False),
    sa.Column("problem", sa.Text, nullable=False),
)
"""How often a listener's condition or template failed, and the last time; apart from the listeners, whose revision
would rise with each error."""

templates = sa.Table(
    "templates",
    metadata,
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("notifier_type", sa.Text, nullable=False),
    sa.Column("description", sa.Text, nullable=False),
    sa.Column("parts", sa.Text, nullable=False),
    sa.Column("event_types", sa.Text, nullable=False),
    sa.Column("created_at", UtcTime, nullable=False),
    sa.Column("changed_at", UtcTime, nullable=False),
)

idempotency = sa.Table(
    "idempotency",
    metadata,
    sa.Column("key", sa.String(64), primary_key=True),
    sa.Column("created_at", UtcTime, nullable=False, index=True),
    sa.Column("sealed_answer", sa.Text, nullable=False),
)
"""Requests that had an idempotency key, by the digest of the key, and their answers."""

events = sa.Table(
    "events",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("type", sa.String(200), nullable=False),
    sa.Column("payload", sa.Text, nullable=False),
    sa.Column("call_report", sa.Text),
    sa.Column("occurred_at", UtcTime, nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("unfinished_after", sa.String(64)),
    sa.Column("stored_at", UtcTime, nullable=False, server_default="1970-01-01 00:00:00.000000"),
    sa.Column("repo_id", sa.Text),
    sa.Column("server", sa.Text),
    sa.Column("domain", sa.Text),
    sa.Column("result", sa.Text),
    sa.Index(
        "ix_events_listed", "stored_at", "id", "type", "repo_id", "server", "domain", "result", "source", "occurred_at"
    ),
    sa.Index(
        "ix_events_repo_id", "repo_id", "stored_at", "id", "type", "server", "domain", "result", "source", "occurred_at"
    ),
)
"""``unfinished_after`` is the key of the last lane with a delivery of an event that is written in pieces; null once all
deliveries are written. ``stored_at`` has a default for processes of an older release that still run after an upgrade.
The columns behind it are copies of values in the payload, to list events by them.

Both indexes have all that a list of events shows or filters by, so that it reads no rows, which may be large. With a
million events on SQLite, a filter that matches nothing takes 0.2 s, and one by repository some milliseconds. An index
for each of the filters made an event a fifth to two fifths more expensive to fire."""

lanes = sa.Table(
    "lanes",
    metadata,
    _id_column(),
    sa.Column("key", sa.String(64), nullable=False, unique=True),
    sa.Column("listener_id", sa.String(24), nullable=False),
    sa.Column("due_at", UtcTime, nullable=False),
    sa.Column("lease_owner", sa.String(64)),
    sa.Column("lease_until", UtcTime),
    sa.Column("wait_seconds", sa.Float, nullable=False, server_default="0"),
    sa.Column("crashes", sa.Integer, nullable=False, server_default="0"),
    sa.Index("ix_lanes_due_at_id", "due_at", "id"),
    sa.Index("ix_lanes_listener_id_due_at", "listener_id", "due_at"),
    sqlite_autoincrement=True,
)
"""One row for each lane with pending deliveries; the unit that a worker claims."""

deliveries = sa.Table(
    "deliveries",
    metadata,
    _id_column(),
    sa.Column("event_id", sa.String(36), sa.ForeignKey("events.id"), nullable=False, index=True),
    sa.Column("listener_id", sa.String(24), nullable=False, index=True),
    sa.Column("notifier_type", sa.Text, nullable=False),
    sa.Column("target", sa.Text, nullable=False),
    sa.Column("lane_id", _RowNumber, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("created_at", UtcTime, nullable=False),
    sa.Column("finished_at", UtcTime),
    sa.Column("last_error", sa.Text),
    sa.Index("ix_deliveries_state_finished_at", "state", "finished_at"),
    sqlite_autoincrement=True,
)

sa.Index("ix_deliveries_lane_pending", deliveries.c.lane_id, deliveries.c.id)

attempts = sa.Table(
    "attempts",
    metadata,
    _id_column(),
    sa.Column(
        "delivery_id", _RowNumber, sa.ForeignKey("deliveries.id", ondelete="CASCADE"), nullable=False, index=True
    ),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("started_at", UtcTime, nullable=False),
    sa.Column("finished_at", UtcTime, nullable=False),
    sa.Column("error", sa.Text),
)

sources = sa.Table(
    "sources",
    metadata,
    sa.Column("id", sa.String(24), primary_key=True),
    sa.Column("name", sa.String(64), nullable=False, unique=True),
    sa.Column("source_type", sa.Text, nullable=False),
    sa.Column("sealed_config", sa.Text, nullable=False),
    sa.Column("created_at", UtcTime, nullable=False),
    sa.Column("lease_owner", sa.Text),
    sa.Column("lease_until", UtcTime),
    sa.Column("lease_seconds", sa.Float),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("problem", sa.Text),
    sa.Column("problem_since", UtcTime),
    sa.Column("facts", sa.Text, nullable=False),
    sa.Column("told_at", UtcTime),
    sa.Column("changed_at", UtcTime),
)

source_memory = sa.Table(
    "source_memory",
    metadata,
    sa.Column("source_id", sa.String(24), sa.ForeignKey("sources.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)

users = sa.Table(
    "users",
    metadata,
    sa.Column("login", sa.String(255), primary_key=True),
    sa.Column("password_hash", sa.Text, nullable=False),
    sa.Column("super_user", sa.Boolean, nullable=False),
)

grants = sa.Table(
    "grants",
    metadata,
    sa.Column("login", sa.String(255), sa.ForeignKey("users.login", ondelete="CASCADE"), primary_key=True),
    sa.Column("resource", sa.String(255), primary_key=True),
    sa.Column("operation", sa.String(16), primary_key=True),
)
