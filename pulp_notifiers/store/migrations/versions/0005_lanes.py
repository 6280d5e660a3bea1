"""How often the process that held a lane ended, and indexes by which lanes are claimed."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add the count; no lane is suspected yet."""
    op.add_column("lanes", sa.Column("crashes", sa.Integer, nullable=False, server_default="0"))
    op.drop_index("ix_lanes_due_at", "lanes")
    op.drop_index("ix_lanes_listener_id", "lanes")
    op.create_index("ix_lanes_due_at_id", "lanes", ["due_at", "id"])
    op.create_index("ix_lanes_listener_id_due_at", "lanes", ["listener_id", "due_at"])
