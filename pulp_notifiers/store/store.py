"""The store: one database, its schema, and the groups of rows in it."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Protocol

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import Script, ScriptDirectory

from ..errors import InvalidSetting, StoreUnavailable
from .claims import Claims
from .database import Database
from .history import History
from .listeners import ListenerRows
from .outbox import Outbox
from .schema import meta
from .sources import SourceRows
from .users import UserRows

_MIGRATIONS = Path(__file__).parent / "migrations"
_UPGRADE_LOCK = 0x70756C70  # any number; PostgreSQL's advisory locks are named by one

_INSTALLATION = sa.select(meta.c.value).where(meta.c.key == "installation")


class Cipher(Protocol):
    """Seals what must not be readable at rest."""

    def seal(self, text: str) -> str:
        """Return text that only the holder of the key can read."""

    def open(self, sealed: str) -> str:
        """Return what was sealed."""


class Store:
    """Everything that is kept.

    :param url: SQLAlchemy URL of an SQLite file or a PostgreSQL database.
    :param make_cipher: returns what seals the configs of listeners and sources; asked once, when the schema is there,
        with whether the database holds anything sealed.
    :raises InvalidSetting: the URL cannot be used.
    """

    def __init__(self, url: str, make_cipher: Callable[[bool], Cipher]) -> None:
        self._database = Database(url)
        self._make_cipher = make_cipher
        self._cipher: Cipher | None = None
        self.listeners = ListenerRows(self._database, self._seal, self._open)
        self.sources = SourceRows(self._database, self._seal, self._open)
        self.outbox = Outbox(self._database)
        self.claims = Claims(self._database)
        self.history = History(self._database)
        self.users = UserRows(self._database)

    @property
    def dialect(self) -> str:
        """The kind of database: ``sqlite`` or ``postgresql``."""
        return self._database.dialect

    def ping(self) -> None:
        """Return when the database answers.

        :raises StoreUnavailable: it does not.
        """
        self._database.read(lambda connection: connection.execute(sa.select(1)).scalar_one())

    def installation(self) -> str:
        """Return what names this installation: 16 hex digits, drawn once."""
        return f"{self._database.read(lambda connection: connection.execute(_INSTALLATION).scalar_one()):016x}"

    def upgrade(self) -> None:
        """Bring the schema to the newest revision; harmless when it is there.

        :raises InvalidSetting: a newer release has made the schema.
        :raises StoreUnavailable: the database refuses.
        """
        self._database.write(_upgrade)

    def require_schema(self) -> None:
        """Check that the schema is the one that this release works with.

        :raises InvalidSetting: it is not; the sentence says what mends it.
        """
        found = self._database.read(_revision)
        _require_known(found)
        wanted = ScriptDirectory(str(_MIGRATIONS)).get_current_head()
        if found != wanted:
            raise InvalidSetting(
                f"The database has schema {found or 'none'}, this release needs {wanted}: "
                f"run pulp-notifiers db upgrade."
            )

    def close(self) -> None:
        """Finish what is being written and close the connections."""
        self._database.close()

    def _seal(self, text: str) -> str:
        return self._opened_cipher().seal(text)

    def _open(self, sealed: str) -> str:
        return self._opened_cipher().open(sealed)

    def open_cipher(self) -> None:
        """Get hold of the key now, so that a missing or wrong one is told at start.

        :raises InvalidSetting: there is none, or it does not open what is stored.
        """
        sealed = self._any_sealed()
        cipher = self._opened_cipher()
        if sealed is not None:
            try:
                cipher.open(sealed)
            except StoreUnavailable as wrong_key:
                raise InvalidSetting(str(wrong_key)) from None

    def _any_sealed(self) -> str | None:
        return self.listeners.any_sealed() or self.sources.any_sealed()

    def _opened_cipher(self) -> Cipher:
        if self._cipher is None:
            self._cipher = self._make_cipher(self._any_sealed() is not None)
        return self._cipher


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
