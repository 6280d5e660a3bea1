"""Sources, what they remember, and the number of this installation."""

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_time = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add the tables of sources, and draw the number."""
    op.create_table(
        "sources",
        sa.Column("id", sa.String(24), primary_key=True),
        sa.Column("name", sa.String(64), nullable=False, unique=True),
        sa.Column("source_type", sa.Text, nullable=False),
        sa.Column("sealed_config", sa.Text, nullable=False),
        sa.Column("created_at", _time, nullable=False),
        sa.Column("lease_owner", sa.Text),
        sa.Column("lease_until", _time),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("problem", sa.Text),
        sa.Column("problem_since", _time),
        sa.Column("facts", sa.Text, nullable=False),
        sa.Column("told_at", _time),
    )
    op.create_table(
        "source_memory",
        sa.Column("source_id", sa.String(24), sa.ForeignKey("sources.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
    )
    meta = sa.table("meta", sa.column("key", sa.String), sa.column("value", sa.BigInteger))
    op.bulk_insert(meta, [{"key": "installation", "value": secrets.randbits(63)}])
