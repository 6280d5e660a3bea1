"""Upgrades of the schema (Alembic); imported only when one is due."""

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from ..errors import InvalidSetting

MIGRATIONS = Path(__file__).parent / "migrations"

_UPGRADE_LOCK = 0x70756C70  # arbitrary; PostgreSQL identifies an advisory lock by a number


def upgrade(connection: sa.Connection) -> None:
    """Upgrade the schema to the newest revision; harmless if another process has just done so.

    :raises InvalidSetting: a newer release made the schema.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_UPGRADE_LOCK)))
    require_known(MigrationContext.configure(connection).get_current_revision())
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def require_known(revision: str | None) -> None:
    """Check that this release knows a revision.

    :raises InvalidSetting: it does not.
    """
    known = {each.revision for each in ScriptDirectory(str(MIGRATIONS)).walk_revisions()}
    if revision is not None and revision not in known:
        raise InvalidSetting(
            f"The database has schema {revision}, which this release does not know: install the release that made it, "
            f"or a newer one."
        )


def newest_revision() -> str | None:
    """Return the revision to which :func:`upgrade` leads."""
    return ScriptDirectory(str(MIGRATIONS)).get_current_head()
