"""Empty databases of both kinds."""

import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Self

from pulp_notifiers.app import upgrade_database
from pulp_notifiers.settings import Settings
from tests.harness.postgres import PostgreSQL

SQLITE, POSTGRESQL = "SQLite", "PostgreSQL"
KINDS = (SQLITE, POSTGRESQL)

Section = dict[str, str]
"""The section ``[notifiers]`` of the settings."""


class Databases:
    """Makes databases between ``with Databases() as databases:`` and the end of the block.

    :param kinds: the kinds that will be asked for.
    :ivar folder: for the databases and other files.
    """

    def __init__(self, kinds: Sequence[str] = KINDS) -> None:
        self._with_server = POSTGRESQL in kinds
        self._server: PostgreSQL | None = None
        self._numbers = count()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self.folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="benchmark-"))
            if self._with_server:
                self._server = stack.enter_context(PostgreSQL(durable=True))
            self._closing = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.close()

    @contextmanager
    def fresh(self, kind: str) -> Iterator[Section]:
        """Provide an empty database with the newest schema, and delete it."""
        with self._deleting(self._new(kind)) as section:
            upgrade_database(Settings({"notifiers": section}).own())
            yield section

    @contextmanager
    def copy(self, section: Section) -> Iterator[Section]:
        """Provide a copy of a database that is not in use, and delete it."""
        original = section["database_url"]
        if self._server is None or not original.startswith("postgresql"):
            copied = self._new(SQLITE)
            with (
                closing(sqlite3.connect(_path(original))) as source,
                closing(sqlite3.connect(_path(copied["database_url"]))) as target,
            ):
                source.backup(target)
        else:
            copied = self._section(f"{original}_copy{next(self._numbers)}")
            self._run_sql(f"CREATE DATABASE {_name(copied['database_url'])} TEMPLATE {_name(original)}")
        with self._deleting(copied):
            yield copied

    def described(self, kind: str) -> str:
        """Return version and durability, for a table's heading."""
        if kind == SQLITE:
            return "SQLite, synchronous=FULL"
        version, commit, sync = (
            self._run_sql(f"SHOW {name}")[0][0] for name in ("server_version", "synchronous_commit", "fsync")
        )
        return f"PostgreSQL {version.split()[0]}, synchronous_commit={commit}, fsync={sync}"

    def megabytes(self, section: Section) -> float:
        """Return the size of a database with everything that belongs to it."""
        url = section["database_url"]
        if url.startswith("postgresql"):
            return int(self._run_sql(f"SELECT pg_database_size('{_name(url)}')")[0][0]) / 2**20
        path = _path(url)
        return sum(file.stat().st_size for file in path.parent.glob(f"{path.name}*")) / 2**20

    def server_process(self, kind: str) -> int | None:
        """Return the process id of the server, if this kind has one."""
        return self._server.process_id if self._server is not None and kind == POSTGRESQL else None

    def _new(self, kind: str) -> Section:
        if kind == SQLITE:
            return self._section(f"sqlite:///{self.folder}/{next(self._numbers)}.db")
        assert self._server is not None
        return self._section(self._server.create_database())

    def _section(self, url: str) -> Section:
        # The key in the state directory encrypts configs, so a copy needs that of its original.
        return {"state_directory": self.folder, "database_url": url}

    @contextmanager
    def _deleting(self, section: Section) -> Iterator[Section]:
        try:
            yield section
        finally:
            url = section["database_url"]
            if url.startswith("postgresql"):
                self._run_sql(f"DROP DATABASE {_name(url)} WITH (FORCE)")
            else:
                path = _path(url)
                for file in path.parent.glob(f"{path.name}*"):
                    file.unlink()

    def _run_sql(self, statement: str) -> list[list[str]]:
        assert self._server is not None
        return self._server.query(self._server.url(), statement)


def _path(url: str) -> Path:
    return Path(url.removeprefix("sqlite:///"))


def _name(url: str) -> str:
    return url.rpartition("/")[2]
