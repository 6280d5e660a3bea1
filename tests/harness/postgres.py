"""A real PostgreSQL on a private loopback port, with its data in a temporary folder."""

import csv
import os
import secrets
import select
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

import psycopg
from psycopg import sql

from tests.harness.process import GuardedProcess, children, free_ports, output_of, run, unprivileged_account

_PROGRAMS = ("initdb", "pg_isready", "postgres", "psql")
_SUPER_USER = "postgres"
_DEBIAN = Path("/usr/lib/postgresql")
_OPTIONS = {
    "listen_addresses": "127.0.0.1",
    "max_connections": "200",
    "shared_buffers": "32MB",
}
_DURABLE = {"fsync": "on", "full_page_writes": "on"}
# Written data survives a killed server without these, because the operating system stays up.
_NOT_DURABLE = dict.fromkeys(_DURABLE, "off")


def find_binaries() -> Path | None:
    """Return the folder with PostgreSQL's server programs, or None if it is not installed.

    The one on the search path comes first; Debian's is not on the path and has a folder for each version.
    """
    on_path = shutil.which("initdb")
    versions = [folder for folder in _DEBIAN.glob("*/bin") if folder.parent.name.isdigit()]
    newest_first = sorted(versions, key=lambda folder: int(folder.parent.name), reverse=True)
    candidates = ([Path(on_path).resolve().parent] if on_path else []) + newest_first
    for folder in candidates:
        if all(os.access(folder / program, os.X_OK) for program in _PROGRAMS):
            return folder
    return None


class PostgreSQL:
    """A server that runs between ``with PostgreSQL() as server:`` and the end of the block.

    PostgreSQL refuses to run as root; started by root, it runs as user ``postgres`` or ``nobody``.

    :param deadline_seconds: how long start and stop may take.
    :param durable: whether what is committed survives a crash of the machine, as in production; slower.
    :ivar port: the loopback port, the same after a restart.
    :raises FileNotFoundError: PostgreSQL is not installed; see :func:`find_binaries`.
    :raises RuntimeError: it does not start; the text has the end of its log.
    """

    def __init__(self, deadline_seconds: float = 30.0, durable: bool = False) -> None:
        binaries = find_binaries()
        if binaries is None:
            raise FileNotFoundError("PostgreSQL is not installed; on Debian: apt-get install postgresql")
        self._binaries = binaries
        self._deadline_seconds = deadline_seconds
        self._options = {**_OPTIONS, **(_DURABLE if durable else _NOT_DURABLE)}
        self._account = unprivileged_account()
        self._password = secrets.token_hex(16)
        self._process: GuardedProcess | None = None
        self.port = 0

    def __enter__(self) -> Self:
        self._folder = Path(tempfile.mkdtemp(prefix="pg-"))
        with ExitStack() as undo:
            undo.callback(shutil.rmtree, self._folder)
            self._initialise()
            # Unlike a kill, an immediate shutdown releases the shared memory; the data is not needed any more.
            undo.callback(self._end, signal.SIGQUIT)
            [self.port] = free_ports(1)
            self._start()
            self._undo = undo.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._undo.close()

    @property
    def process_id(self) -> int | None:
        """The id of the server's first process, or None if it does not run."""
        return self._process.process_id if self._process else None

    def url(self, database: str = "postgres") -> str:
        """Return the SQLAlchemy URL of a database."""
        return f"postgresql+psycopg://{_SUPER_USER}:{self._password}@127.0.0.1:{self.port}/{database}"

    def create_database(self, like: str | None = None) -> str:
        """Create a database and return its URL.

        :param like: the URL of a database without connections, whose copy it is; None for an empty one.
        """
        name = f"test_{secrets.token_hex(6)}"
        template = "template1" if like is None else like.rpartition("/")[2]
        # A third of the time that createdb and its process take.
        address = f"host=127.0.0.1 port={self.port} user={_SUPER_USER} password={self._password} dbname=postgres"
        with closing(psycopg.connect(address, autocommit=True)) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(*map(sql.Identifier, (name, template))))
        return self.url(name)

    def query(self, database_url: str, statement: str) -> list[list[str]]:
        """Run an SQL statement as the super-user and return its rows as text; null is an empty text.

        :raises RuntimeError: the server refuses it.
        """
        name = database_url.rpartition("/")[2]
        options = ("--no-psqlrc", "--no-password", "--quiet", "--csv", "--tuples-only", "--set=ON_ERROR_STOP=1")
        place = (*self._address(), f"--username={_SUPER_USER}", f"--dbname={name}")
        return list(csv.reader(self._output_of("psql", *options, *place, f"--command={statement}").splitlines()))

    def stop(self) -> None:
        """Shut the server down: open transactions are rolled back, clients are disconnected."""
        self._end(signal.SIGINT)

    def kill(self) -> None:
        """Kill every process of the server at once, as a crash would."""
        if self._process is not None:
            # Stopped first, so that it starts no further process before it is killed.
            self._process.signal(signal.SIGSTOP)
            for process_id in children(self._process.process_id):
                _kill_and_wait(process_id, self._deadline_seconds)
            self._process.kill()
            self._process = None

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Stop every process of the server for one ``with`` block; it then continues as if nothing had happened."""
        assert self._process is not None
        self._process.signal(signal.SIGSTOP)  # first, so that it starts no further process
        stopped = children(self._process.process_id)
        for process_id in stopped:
            os.kill(process_id, signal.SIGSTOP)
        try:
            yield
        finally:
            for process_id in stopped:
                os.kill(process_id, signal.SIGCONT)
            self._process.signal(signal.SIGCONT)

    def restart(self) -> None:
        """Stop the server if it runs, and start it again on the same port and data.

        :raises RuntimeError: it does not start.
        """
        self.stop()
        self._start()

    def _start(self) -> None:
        deadline = time.monotonic() + self._deadline_seconds
        self._process = self._spawn()
        while (ended := self._process.exited(within_seconds=0.05)) or not self._ready():
            if ended or time.monotonic() > deadline:
                self.kill()
                raise RuntimeError(f"PostgreSQL does not start:\n{self._end_of_log()}")

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None:
            self._process.signal(how)
            self._process.exited(self._deadline_seconds)
            self.kill()

    def _initialise(self) -> None:
        password_file = self._folder / "password"
        password_file.write_text(self._password, encoding="ascii")
        if self._account is not None:
            for path in (self._folder, password_file):
                os.chown(path, self._account.pw_uid, self._account.pw_gid)
        access = ["--auth=scram-sha-256", f"--username={_SUPER_USER}", f"--pwfile={password_file}"]
        self._output_of(
            "initdb", *access, "--encoding=UTF8", "--no-locale", "--no-sync", f"--pgdata={self._folder / 'data'}"
        )

    def _spawn(self) -> GuardedProcess:
        options = {**self._options, "port": str(self.port), "unix_socket_directories": str(self._folder)}
        settings = [f"--{name}={value}" for name, value in options.items()]
        command = [str(self._binaries / "postgres"), "-D", str(self._folder / "data"), *settings]
        return GuardedProcess(command, self._folder, self._environment(), self._account)

    def _ready(self) -> bool:
        return self._run("pg_isready", "--quiet", "--timeout=1", *self._address()).returncode == 0

    def _output_of(self, program: str, *arguments: str) -> str:
        return output_of(self._run(program, *arguments), program)

    def _run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [str(self._binaries / program), *arguments]
        return run(command, self._folder, self._environment(), self._deadline_seconds, self._account)

    def _environment(self) -> dict[str, str]:
        # Without PGHOST and the like, which would point the programs to another server.
        return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "PGPASSWORD": self._password}

    def _address(self) -> tuple[str, str]:
        return ("--host=127.0.0.1", f"--port={self.port}")

    def _end_of_log(self) -> str:
        return (self._folder / "output").read_text(encoding="utf-8", errors="replace")[-4000:]


def _kill_and_wait(process_id: int, deadline_seconds: float) -> None:
    process = os.pidfd_open(process_id)
    signal.pidfd_send_signal(process, signal.SIGKILL)
    select.select([process], [], [], deadline_seconds)
    os.close(process)
