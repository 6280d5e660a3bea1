"""Apache Qpid Proton's example broker, a real AMQP 1.0 server, on a private loopback port.

It is compiled from the C source that Debian ships, with Debian's own Proton library, which is another version of the
engine than the one in python-qpid-proton. It keeps messages in memory and gives each to one receiver; every address is
a queue that exists as soon as it is named. It grants senders a credit of 5, and knows neither users (only ANONYMOUS)
nor filters.
"""

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

from tests.harness.process import GuardedProcess, free_ports, output_of, run

_SOURCE = Path("/usr/share/proton/examples/c/broker.c")
_HEADER = Path("/usr/include/proton/proactor.h")
_GREETING = b"AMQP\x00\x01\x00\x00"


class ProtonBroker:
    """A broker that runs between ``with ProtonBroker() as broker:`` and the end of the block.

    :param certificate: a certificate chain in PEM; with it the port speaks TLS too.
    :param key: the key of ``certificate``, without a password.
    :param deadline_seconds: how long compiling, start and stop may take, each.
    :ivar folder: all of its files, until the end of the block.
    :ivar port: the loopback port, the same after a restart.
    :raises FileNotFoundError: its source or a compiler is not installed; see :meth:`available`.
    :raises RuntimeError: it does not compile or start; the text has the output.
    """

    def __init__(
        self, certificate: Path | None = None, key: Path | None = None, deadline_seconds: float = 60.0
    ) -> None:
        reason = self.available()
        if reason:
            raise FileNotFoundError(reason)
        self._certificate, self._key = certificate, key
        self._deadline_seconds = deadline_seconds
        self._process: GuardedProcess | None = None
        self.port = 0

    @classmethod
    def available(cls) -> str | None:
        """Return why no broker can be started here, or None if one can."""
        missing = [] if shutil.which("cc") else ["gcc"]
        if not (_SOURCE.exists() and _HEADER.exists()):
            missing.append("libqpid-proton11-dev-examples")
        return (
            f"Proton's example broker cannot be built (Debian: apt-get install {' '.join(missing)})"
            if missing
            else None
        )

    def __enter__(self) -> Self:
        self.folder = Path(tempfile.mkdtemp(prefix="proton-broker-"))
        with ExitStack() as undo:
            undo.callback(shutil.rmtree, self.folder)
            self._compile()
            self._write_certificates()
            [self.port] = free_ports(1)
            undo.callback(self.kill)
            self.start()
            self._undo = undo.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._undo.close()

    def start(self) -> None:
        """Stop the broker if it runs, start it without messages, and return when it speaks AMQP 1.0.

        :raises RuntimeError: it does not start.
        """
        self.stop()
        deadline = time.monotonic() + self._deadline_seconds
        # By lines, because it would write its output only when it ends.
        command = ["stdbuf", "-oL", str(self.folder / "broker"), "127.0.0.1", str(self.port)]
        self._process = GuardedProcess(command, self.folder, self._environment())
        while not _speaks_amqp10(self.port):
            if self._process.exited(within_seconds=0.02) or time.monotonic() > deadline:
                self.kill()
                raise RuntimeError(f"Proton's example broker does not start:\n{self.output()}")

    def stop(self) -> None:
        """End the broker: clients are disconnected, messages are lost."""
        if self._process is not None:
            self._process.resume()
            self._process.signal(signal.SIGTERM)
            self._process.exited(self._deadline_seconds)
            self.kill()

    def kill(self) -> None:
        """Kill the broker at once, as a crash would."""
        if self._process is not None:
            self._process.kill()
            self._process = None

    def restart(self) -> None:
        """Stop the broker and start it again on the same port, without messages."""
        self.start()

    def pause(self) -> None:
        """Freeze the broker: its connections stay open but it does not answer."""
        if self._process is not None:
            self._process.pause()

    def resume(self) -> None:
        """Let a paused broker continue."""
        if self._process is not None:
            self._process.resume()

    def output(self) -> str:
        """Return what the broker printed; it prints the error of each connection, session and link that failed."""
        return (self.folder / "output").read_text(encoding="utf-8", errors="replace")

    def _compile(self) -> None:
        command = ["cc", "-O1", "-o", str(self.folder / "broker"), str(_SOURCE), "-lqpid-proton", "-lpthread"]
        output_of(run(command, self.folder, self._environment(), self._deadline_seconds), "cc broker.c")

    def _write_certificates(self) -> None:
        folder = self.folder / "ssl-certs"  # where it looks; the certificates that Debian ships expired in 2025
        folder.mkdir()
        if self._certificate and self._key:
            shutil.copy(self._certificate, folder / "tserver-certificate.pem")
            shutil.copy(self._key, folder / "tserver-private-key.pem")

    def _environment(self) -> dict[str, str]:
        return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8", "TMPDIR": str(self.folder)}


def _speaks_amqp10(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as probe:
            probe.sendall(_GREETING)
            return probe.makefile("rb").read(len(_GREETING)) == _GREETING
    except OSError:
        return False
