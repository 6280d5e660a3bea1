"""Opens the database that the settings name."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from ..access import Accounts
from ..settings import NotifiersSettings
from ..store import Store, Vault


def open_store(settings: NotifiersSettings, upgrade: bool = False) -> Store:
    """Return the store that the settings name.

    :param upgrade: upgrade the schema; that of an embedded database is always upgraded.
    :raises InvalidSetting: the settings are wrong, or the schema is not the newest.
    :raises StoreUnavailable: the database does not answer.
    """
    key_file = settings.resolved_key_file()
    store = Store(settings.resolved_database_url(), lambda sealed: Vault.from_file(key_file, may_create=not sealed))
    with ExitStack() as undo:
        undo.callback(store.close)
        if upgrade or store.dialect == "sqlite":
            store.upgrade()
        store.require_schema()
        store.check_key()
        undo.pop_all()
    return store


def upgrade_database(settings: NotifiersSettings) -> str:
    """Upgrade the schema of the database to the newest revision; harmless if it already is.

    :return: the database's URL, without password.
    :raises InvalidSetting: the settings are wrong, or a newer release made the schema.
    :raises StoreUnavailable: the database does not answer.
    """
    store = open_store(settings, upgrade=True)
    store.close()
    return store.location


@contextmanager
def open_accounts(settings: NotifiersSettings) -> Iterator[Accounts]:
    """Open the users of the database for one ``with`` block, without the rest of an :class:`App`.

    :raises InvalidSetting: the settings are wrong, or the schema is not the newest.
    :raises StoreUnavailable: the database does not answer.
    """
    store = open_store(settings)
    try:
        yield Accounts(store.users)
    finally:
        store.close()
