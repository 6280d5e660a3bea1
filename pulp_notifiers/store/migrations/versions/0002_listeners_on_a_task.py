"""Listeners on a single task, which end with it."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the task that a listener is about, and when the listener removed itself."""
    op.add_column("listeners", sa.Column("task_id", sa.String(36)))
    op.add_column("listeners", sa.Column("ended_at", sa.DateTime(timezone=True)))
