"""A real pgbouncer on a private loopback port, in front of a PostgreSQL."""

import os
import shutil
import signal
import socket
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.harness.postgres import PostgreSQL
from tests.harness.process import GuardedProcess, free_ports, unprivileged_account

NOT_INSTALLED = "pgbouncer is not installed (Debian: apt-get install pgbouncer)"
_DEBIAN = "/usr/sbin/pgbouncer"  # which is not on the path of ordinary users


def find_pgbouncer() -> str | None:
    """Return the path of the program, or None if it is not installed."""
    return shutil.which("pgbouncer") or (_DEBIAN if os.access(_DEBIAN, os.X_OK) else None)


class PgBouncer:
    """A pooler that runs between ``with PgBouncer(server) as pooler:`` and the end of the block.

    It refuses to run as root; started by root, it runs as user ``postgres`` or ``nobody``.

    :param server: the server that it connects to.
    :param pool_mode: ``session``, ``transaction`` or ``statement``.
    :param connections: how many connections to the server it shares among its clients.
    :ivar port: the loopback port.
    :raises FileNotFoundError: pgbouncer is not installed; see :func:`find_pgbouncer`.
    :raises RuntimeError: it does not start; the text has its log.
    """

    def __init__(
        self, server: PostgreSQL, pool_mode: str = "transaction", connections: int = 3, deadline_seconds: float = 30.0
    ) -> None:
        program = find_pgbouncer()
        if program is None:
            raise FileNotFoundError(NOT_INSTALLED)
        self._program = program
        self._server = server
        self._deadline_seconds = deadline_seconds
        self._options = {"pool_mode": pool_mode, "default_pool_size": str(connections)}
        self.port = 0

    def __enter__(self) -> Self:
        self._folder = Path(tempfile.mkdtemp(prefix="pgbouncer-"))
        with ExitStack() as undo:
            undo.callback(shutil.rmtree, self._folder)
            [self.port] = free_ports(1)
            self._start()
            undo.callback(self._process.kill)
            self._await()
            self._undo = undo.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.signal(signal.SIGTERM)
        self._process.exited(self._deadline_seconds)
        self._undo.close()

    def url(self, database_url: str) -> str:
        """Return the URL of a database of the server, through the pooler."""
        return database_url.replace(f":{self._server.port}/", f":{self.port}/")

    def _start(self) -> None:
        password = self._server.url().partition("@")[0].rpartition(":")[2]
        options = {
            "listen_addr": "127.0.0.1",
            "listen_port": str(self.port),
            "unix_socket_dir": "",
            "auth_type": "any",
            "max_client_conn": "500",
            **self._options,
        }
        lines = [
            "[databases]",
            f"* = host=127.0.0.1 port={self._server.port} user=postgres password={password}",
            "[pgbouncer]",
            *(f"{name} = {value}" for name, value in options.items()),
        ]
        config = self._folder / "pgbouncer.ini"
        config.write_text("\n".join(lines) + "\n", encoding="ascii")
        account = unprivileged_account()
        if account is not None:
            for path in (self._folder, config):
                os.chown(path, account.pw_uid, account.pw_gid)
        environment = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"}
        self._process = GuardedProcess([self._program, str(config)], self._folder, environment, account)

    def _await(self) -> None:
        deadline = time.monotonic() + self._deadline_seconds
        while (ended := self._process.exited(within_seconds=0.05)) or not self._listens():
            if ended or time.monotonic() > deadline:
                log = (self._folder / "output").read_text(encoding="utf-8", errors="replace")
                raise RuntimeError(f"pgbouncer does not start:\n{log[-4000:]}")

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0
