"""Opens the database that the settings name."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ..access import Accounts
from ..store import Store, database_file
from .settings import DatabaseSettings
from .state_owner import require_existing, require_owner

if TYPE_CHECKING:
    from ..store import Vault


def open_store(settings: DatabaseSettings, upgrade: bool = False) -> Store:
    """Return the store that the settings name.

    :param upgrade: upgrade the schema; that of an embedded database is always upgraded.
    :raises InvalidSetting: the settings are wrong, or the schema is not the newest.
    :raises StoreUnavailable: the database does not answer.
    """
    with ExitStack() as undo:
        store = _opened(settings, upgrade or None)
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
def open_accounts(settings: DatabaseSettings, may_create: bool = False, upgrade: bool = True) -> Iterator[Accounts]:
    """Open the users of the database for one ``with`` block, without the rest of an :class:`App`.

    The key is not looked at: nothing of the users is encrypted with it.

    :param may_create: create an embedded database that does not exist.
    :param upgrade: upgrade the schema of an embedded database; False for those who only look.
    :raises InvalidSetting: the settings are wrong, or the schema is not the newest.
    :raises StoreUnavailable: the database does not answer.
    """
    store = _opened(settings, upgrade=None if upgrade else False, may_create=may_create)
    try:
        yield Accounts(store.users)
    finally:
        store.close()


def _opened(settings: DatabaseSettings, upgrade: bool | None = None, may_create: bool = True) -> Store:
    """Return the store with its schema checked.

    :param upgrade: upgrade the schema; None does so for an embedded database.
    """
    url = settings.resolved_database_url()
    file = database_file(url)
    if file is not None:
        require_owner(file)
        if not may_create:
            require_existing(file)
    store = Store(
        url, lambda sealed: _vault(settings.resolved_key_file(), not sealed), settings.database_timeout_seconds
    )
    with ExitStack() as undo:
        undo.callback(store.close)
        if upgrade or (upgrade is None and store.dialect == "sqlite"):
            store.upgrade()
        store.require_schema()
        undo.pop_all()
    return store


def _vault(key_file: Path, may_create: bool) -> "Vault":
    from ..store import Vault  # noqa: PLC0415  who needs the users only must not load cryptography

    return Vault.from_file(key_file, may_create)
