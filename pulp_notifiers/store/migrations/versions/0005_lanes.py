"""How long lanes and leases may wait, how often the process that held a lane ended, and indexes for claims."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add the columns; no lane is suspected yet, and those that wait may do so as long as any setting allows."""
    op.add_column("lanes", sa.Column("crashes", sa.Integer, nullable=False, server_default="0"))
    op.add_column("lanes", sa.Column("wait_seconds", sa.Float, nullable=False, server_default="0"))
    longest = "CASE WHEN lease_owner IS NULL THEN 7 * 86400 ELSE 3600 END"
    op.execute(f"UPDATE lanes SET wait_seconds = {longest}")
    op.add_column("sources", sa.Column("lease_seconds", sa.Float))
    op.drop_index("ix_lanes_due_at", "lanes")
    op.drop_index("ix_lanes_listener_id", "lanes")
    op.create_index("ix_lanes_due_at_id", "lanes", ["due_at", "id"])
    op.create_index("ix_lanes_listener_id_due_at", "lanes", ["listener_id", "due_at"])
