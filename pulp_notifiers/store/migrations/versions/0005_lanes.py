"""How often the process that held a lane ended."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add the count; no lane is suspected yet."""
    op.add_column("lanes", sa.Column("crashes", sa.Integer, nullable=False, server_default="0"))
