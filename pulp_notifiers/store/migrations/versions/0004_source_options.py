"""What listeners ask sources to include."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add the options that a listener has for sources; null asks for nothing."""
    op.add_column("listeners", sa.Column("source_options", sa.Text))
