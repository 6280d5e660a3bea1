"""The imitation as a process of its own, for tests."""

import json
import os
import shutil
import socket
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

from tests.harness.process import GuardedProcess, free_ports

_ROOT = Path(__file__).parents[3]


class ImitatedQpidd:
    """Runs between ``with ImitatedQpidd() as peer:`` and the end of the block.

    :param certificate: a certificate chain in PEM; with it the port speaks TLS, and nothing else.
    :param key: the key of ``certificate``.
    :param ca: an authority whose client certificates are trusted.
    :param behaviour: fields of :class:`.behaviour.Behaviour`.
    :ivar port: the loopback port, the same after a restart.
    """

    def __init__(
        self, certificate: Path | None = None, key: Path | None = None, ca: Path | None = None, **behaviour: Any
    ) -> None:
        self._options = behaviour
        if certificate and key:
            self._options = {
                **behaviour,
                "tls": {"certificate": str(certificate), "key": str(key), "ca": str(ca) if ca else ""},
            }
        self._process: GuardedProcess | None = None
        self.port = 0

    def __enter__(self) -> Self:
        self.folder = Path(tempfile.mkdtemp(prefix="imitated-qpidd-"))
        with ExitStack() as undo:
            undo.callback(shutil.rmtree, self.folder)
            self.port, self._control_port = free_ports(2)
            undo.callback(self.kill)
            self.start()
            self._undo = undo.pop_all()
        return self

    def __exit__(self, *_error: object) -> None:
        self._undo.close()

    def start(self, **changes: Any) -> None:
        """Start it, or start it again with these changes; what it received before is forgotten.

        :param changes: fields of the behaviour.
        :raises RuntimeError: it does not start.
        """
        self.kill()
        self._options |= changes
        options = {**self._options, "port": self.port, "control_port": self._control_port}
        command = [sys.executable, "-m", "tests.support.imitated_qpidd.server", json.dumps(options)]
        environment = {"PATH": os.environ.get("PATH", os.defpath), "PYTHONPATH": str(_ROOT)}
        self._process = GuardedProcess(command, self.folder, environment)
        deadline = time.monotonic() + 60
        while not self._listens():
            if self._process.exited(within_seconds=0.02) or time.monotonic() > deadline:
                raise RuntimeError(f"the imitation does not start:\n{self.output()}")

    def kill(self) -> None:
        """End it at once."""
        if self._process is not None:
            self._process.kill()
            self._process = None

    def pause(self) -> None:
        """Freeze it: its connections stay open but it does not answer."""
        assert self._process is not None
        self._process.pause()

    def resume(self) -> None:
        """Let it continue."""
        assert self._process is not None
        self._process.resume()

    def behave(self, **changes: Any) -> None:
        """Change its behaviour while it runs."""
        self._ask("behave", changes)

    def reset(self) -> None:
        """Disconnect all clients, behave as qpidd again, and forget what was received."""
        self._ask("reset")

    def use_certificate(self, certificate: Path, key: Path) -> None:
        """Show this certificate to clients that connect from now on."""
        self._ask("tls", {"certificate": str(certificate), "key": str(key)})

    def fail(self, fault: str) -> int:
        """Do this to every client now, see :attr:`.behaviour.Behaviour.fault`; return how many there are."""
        answer: int = self._ask("fail", fault)
        return answer

    def received(self) -> list[dict[str, Any]]:
        """Return the messages of all clients in the order in which they arrived, whatever was answered.

        Each has ``address``, ``subject``, ``durable``, ``body`` (that of a map, as text) and ``encoded`` (hexadecimal).
        """
        answer: list[dict[str, Any]] = self._ask("received")
        return answer

    def clients(self) -> list[str | None]:
        """Return the user of each connection; None until it has logged in."""
        answer: list[str | None] = self._ask("clients")
        return answer

    def accepted(self) -> int:
        """Return how many connections it has accepted since it started."""
        answer: int = self._ask("accepted")
        return answer

    def output(self) -> str:
        """Return what it printed: nothing, unless it is broken."""
        return (self.folder / "output").read_text(encoding="utf-8", errors="replace")

    def _ask(self, *command: Any) -> Any:
        with socket.create_connection(("127.0.0.1", self._control_port), timeout=60) as connection:
            connection.sendall(json.dumps(command).encode() + b"\n")
            answer = connection.makefile("rb").readline()
        if not answer:
            raise RuntimeError(f"the imitation broke:\n{self.output()}")
        return json.loads(answer)

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self._control_port)) == 0
