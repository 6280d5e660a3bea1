"""Databases with the newest schema, which are copies of one that was upgraded once for all tests of a process.

A copy takes a twentieth of the time that the migrations take. Tests of the migrations, and of the first start, begin
with an empty database instead.
"""

import functools
import secrets
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path
from weakref import WeakKeyDictionary

import sqlalchemy as sa

from pulp_notifiers.access.passwords import Cost, hash_password
from pulp_notifiers.records import User
from pulp_notifiers.store import Store, Vault, schema
from tests.harness.postgres import PostgreSQL

_CHEAP = Cost(n=2, r=1, p=1)
_upgraded: WeakKeyDictionary[PostgreSQL, str] = WeakKeyDictionary()


def new_sqlite(file: Path) -> str:
    """Write a database file, and return its URL."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    file.touch(mode=0o600, exist_ok=False)
    file.write_bytes(_upgraded_file())
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute(f"UPDATE meta SET value = {_number()} WHERE key = 'installation'")
    return f"sqlite:///{file}"


def new_postgresql(server: PostgreSQL) -> str:
    """Create a database on a server, and return its URL."""
    if server not in _upgraded:
        _upgraded[server] = server.create_database()
        _upgrade(_upgraded[server])
    url = server.create_database(like=_upgraded[server])
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        drawn = schema.meta.update().where(schema.meta.c.key == "installation").values(value=_number())
        connection.execute(drawn)
    return url


def new_state(folder: Path, login: str | None = None, password: str = "") -> None:
    """Fill a new state directory with a database, and perhaps a super-user whose password is quickly checked."""
    url = new_sqlite(folder / "notifiers.db")
    if login is not None:
        store = _store(url, folder / "secret.key")
        assert store.users.add_user(User(login, hash_password(password, _CHEAP), super_user=True))
        store.close()


@functools.cache
def _upgraded_file() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "upgraded.db")
        _upgrade(f"sqlite:///{file}")
        return file.read_bytes()


def _upgrade(url: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = _store(url, Path(folder, "key"))
        store.upgrade()
        store.close()


def _store(url: str, key: Path) -> Store:
    return Store(url, lambda sealed: Vault.from_file(key, may_create=not sealed))


def _number() -> int:
    return secrets.randbits(63)
