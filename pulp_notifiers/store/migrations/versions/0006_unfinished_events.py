"""Events that are written in pieces."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add how far an event is written; null for one that has all of its deliveries, as every stored event has."""
    op.add_column("events", sa.Column("unfinished_after", sa.String(64)))
