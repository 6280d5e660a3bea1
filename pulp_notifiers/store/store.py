"""The store: one database, its schema, and the groups of rows in it."""

from collections.abc import Callable
from datetime import datetime

import sqlalchemy as sa

from ..errors import InvalidSetting
from ..event import utc_now
from ..server_conf import DEFAULT_DATABASE_TIMEOUT_SECONDS
from .answers import Answers
from .claims import Claims
from .database import Database
from .database_clock import DatabaseClock
from .events import EventRows
from .history import History
from .listener_errors import ListenerErrorRows
from .listeners import ListenerRows
from .outbox import Outbox
from .pruning import Pruning
from .schema import REVISION, meta
from .sealed_configs import Cipher, SealedConfigs
from .sources import SourceRows
from .templates import TemplateRows
from .transactions import Patience
from .users import UserRows

_UPGRADING = Patience(statement_seconds=3600, lock_seconds=60)
_CURRENT = sa.text("SELECT version_num FROM alembic_version")
_NOW = sa.text("SELECT clock_timestamp()")
_INSTALLATION = sa.select(meta.c.value).where(meta.c.key == "installation")


class Store:
    """Everything that is stored.

    :param url: SQLAlchemy URL of an SQLite file or a PostgreSQL database.
    :param make_cipher: returns the cipher for the configs of listeners and sources; called once, after the schema
        exists, with whether the database contains sealed configs.
    :param timeout_seconds: how long a connection, the answer to one statement, or SQLite's write lock is waited for.
    :raises InvalidSetting: the URL cannot be used.
    """

    def __init__(
        self,
        url: str,
        make_cipher: Callable[[bool], Cipher],
        timeout_seconds: float = DEFAULT_DATABASE_TIMEOUT_SECONDS,
    ) -> None:
        self._database = Database(url, timeout_seconds)
        self._configs = SealedConfigs(self._database, make_cipher)
        self.answers = Answers(self._database, self._configs)
        self.listeners = ListenerRows(self._database, self._configs, self.answers)
        self.listener_errors = ListenerErrorRows(self._database)
        self.sources = SourceRows(self._database, self._configs, self.answers)
        self.templates = TemplateRows(self._database, self.answers)
        self.outbox = Outbox(self._database)
        self.claims = Claims(self._database)
        self.events = EventRows(self._database)
        self.history = History(self._database)
        self.pruning = Pruning(self._database)
        self.users = UserRows(self._database)
        self.clock: Callable[[], datetime] = utc_now
        """The clock by which due times and leases are written and judged."""
        if self.dialect != "sqlite":  # whose processes are all on one machine
            self.clock = DatabaseClock(self._now)

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

    def _now(self) -> datetime:
        now: datetime = self._database.read(lambda connection: connection.execute(_NOW).scalar_one())
        return now

    def upgrade(self) -> None:
        """Upgrade the schema to the newest revision; harmless if it already is.

        :raises InvalidSetting: a newer release made the schema.
        :raises StoreUnavailable: the database refuses.
        """
        if self._database.read(_revision) == REVISION:
            return
        from .migration import upgrade  # noqa: PLC0415  Alembic takes a third of the start, and is seldom needed

        self._database.write(upgrade, patience=_UPGRADING)

    def require_schema(self) -> None:
        """Check that the schema is the one that this release works with.

        :raises InvalidSetting: it is not; the message says how to fix it.
        """
        found = self._database.read(_revision)
        if found == REVISION:
            return
        from .migration import require_known  # noqa: PLC0415  as above

        require_known(found)
        state = f"The database has schema {found}" if found else "The database is empty"
        raise InvalidSetting(f"{state}, and this release needs schema {REVISION}: run pulp-notifiers db upgrade.")

    def require_writable(self) -> None:
        """Check that events can be written.

        :raises StoreUnavailable: they cannot.
        """
        self._database.require_writable()

    def check_key(self) -> None:
        """Read the key now, so that a missing or wrong one is reported at start.

        :raises InvalidSetting: the key is missing, or cannot decrypt what is stored.
        """
        self._configs.check_key()

    def close(self) -> None:
        """Finish what is being written and close the connections."""
        self._database.close()


def _revision(connection: sa.Connection) -> str | None:
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(_CURRENT).scalar()
