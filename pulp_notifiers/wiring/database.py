"""Opens the database that the settings name."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ..access import Accounts
from ..store import Store
from .settings import DatabaseSettings

if TYPE_CHECKING:
    from ..store import Vault


def open_store(settings: DatabaseSettings, upgrade: bool = False) -> Store:
    """Return the store that the settings name.

    :param upgrade: upgrade the schema; that of an embedded database is always upgraded.
    :raises InvalidSetting: the settings are wrong, or the schema is not the newest.
    :raises StoreUnavailable: the database does not answer.
    """
    with ExitStack() as undo:
        store = _opened(settings, upgrade)
        undo.callback(store.close)
        store.check_key()
        undo.pop_all()
    return store


def upgrade_database(settings: DatabaseSettings) -> str:
    """Upgrade the schema of the database to the newest revision; harmless if it already is.

    :return: the database's URL, without password.
    :raises InvalidSetting: the settings are wrong, or a newer release made the schema.
    :raises StoreUnavailable: the database does not answer.
    """
    store = open_store(settings, upgrade=True)
    store.close()
    return store.location


@contextmanager
def open_accounts(settings: DatabaseSettings) -> Iterator[Accounts]:
    """Open the users of the database for one ``with`` block, without the rest of an :class:`App`.

    The key is not looked at: nothing of the users is encrypted with it.

    :raises InvalidSetting: the settings are wrong, or the schema is not the newest.
    :raises StoreUnavailable: the database does not answer.
    """
    store = _opened(settings)
    try:
        yield Accounts(store.users)
    finally:
        store.close()


def _opened(settings: DatabaseSettings, upgrade: bool = False) -> Store:
    store = Store(
        settings.resolved_database_url(),
        lambda sealed: _vault(settings.resolved_key_file(), not sealed),
        settings.database_timeout_seconds,
    )
    with ExitStack() as undo:
        undo.callback(store.close)
        if upgrade or store.dialect == "sqlite":
            store.upgrade()
        store.require_schema()
        undo.pop_all()
    return store


def _vault(key_file: Path, may_create: bool) -> "Vault":
    from ..store import Vault  # noqa: PLC0415  who needs the users only must not load cryptography

    return Vault.from_file(key_file, may_create)
