"""The store: one database, its schema, and the groups of rows in it."""

from collections.abc import Callable, Iterable
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import Script, ScriptDirectory

from ..errors import InvalidSetting
from .claims import Claims
from .database import Database
from .history import History
from .listeners import ListenerRows
from .outbox import Outbox
from .schema import meta
from .sealed_configs import Cipher, SealedConfigs
from .sources import SourceRows
from .users import UserRows

_MIGRATIONS = Path(__file__).parent / "migrations"
_UPGRADE_LOCK = 0x70756C70  # arbitrary; PostgreSQL identifies an advisory lock by a number

_INSTALLATION = sa.select(meta.c.value).where(meta.c.key == "installation")


class Store:
    """Everything that is stored.

    :param url: SQLAlchemy URL of an SQLite file or a PostgreSQL database.
    :param make_cipher: returns the cipher for the configs of listeners and sources; called once, after the schema
        exists, with whether the database contains sealed configs.
    :raises InvalidSetting: the URL cannot be used.
    """

    def __init__(self, url: str, make_cipher: Callable[[bool], Cipher]) -> None:
        self._database = Database(url)
        self._configs = SealedConfigs(self._database, make_cipher)
        self.listeners = ListenerRows(self._database, self._configs)
        self.sources = SourceRows(self._database, self._configs)
        self.outbox = Outbox(self._database)
        self.claims = Claims(self._database)
        self.history = History(self._database)
        self.users = UserRows(self._database)

    @property
    def dialect(self) -> str:
        """The kind of database: ``sqlite`` or ``postgresql``."""
        return self._database.dialect

    @property
    def location(self) -> str:
        """The database's URL without password and query."""
        return self._database.engine.url.set(query={}).render_as_string(hide_password=True)

    def installation(self) -> str:
        """Return the id of this installation: 16 hex digits, drawn once."""
        return f"{self._database.read(lambda connection: connection.execute(_INSTALLATION).scalar_one()):016x}"

    def upgrade(self) -> None:
        """Upgrade the schema to the newest revision; harmless if it already is.

        :raises InvalidSetting: a newer release made the schema.
        :raises StoreUnavailable: the database refuses.
        """
        self._database.write(_upgrade)

    def require_schema(self) -> None:
        """Check that the schema is the one that this release works with.

        :raises InvalidSetting: it is not; the message says how to fix it.
        """
        found = self._database.read(_revision)
        _require_known(found)
        newest = ScriptDirectory(str(_MIGRATIONS)).get_current_head()
        if found != newest:
            state = f"The database has schema {found}" if found else "The database is empty"
            raise InvalidSetting(f"{state}, and this release needs schema {newest}: run pulp-notifiers db upgrade.")

    def check_key(self) -> None:
        """Read the key now, so that a missing or wrong one is reported at start.

        :raises InvalidSetting: the key is missing, or cannot decrypt what is stored.
        """
        self._configs.check_key()

    def close(self) -> None:
        """Finish what is being written and close the connections."""
        self._database.close()


def _revision(connection: sa.Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _require_known(revision: str | None) -> None:
    if revision is not None and revision not in {each.revision for each in _scripts()}:
        raise InvalidSetting(
            f"The database has schema {revision}, which this release does not know: install the release that made it, "
            f"or a newer one."
        )


def _scripts() -> Iterable[Script]:
    return ScriptDirectory(str(_MIGRATIONS)).walk_revisions()


def _upgrade(connection: sa.Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_UPGRADE_LOCK)))
    _require_known(_revision(connection))
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
