"""The task-status stream on an AMQP 1.0 broker, read by the script in Pulp 2's documentation."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.harness.proton_broker import ProtonBroker

SCRIPT = Path(__file__).parents[1] / "docs" / "examples" / "watch_tasks_qpid.py"


def missing() -> str | None:
    """Return why no AMQP 1.0 broker can be started or read here, or None."""
    if find_spec("proton") is None:
        return "python-qpid-proton is not installed (pip install 'pulp-notifiers[qpid]')"
    return ProtonBroker.available()


@contextmanager
def broker() -> Iterator[int]:
    """Start Qpid Proton's example broker and yield its port."""
    with ProtonBroker() as running:
        yield running.port


class Script:
    """The script, running within a ``with`` block.

    :param port: of the broker.
    :param seconds: after which it is ended, so that nobody waits for it forever.
    """

    def __init__(self, port: int, seconds: float) -> None:
        self._command = [sys.executable, str(SCRIPT), f"amqp://127.0.0.1:{port}"]
        self._seconds = seconds

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(self._command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self._timer = threading.Timer(self._seconds, self._process.kill)
        self._timer.start()
        assert self._process.stderr is not None
        self._process.stderr.readline()  # it receives from now on
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        self._process.kill()
        self._process.communicate()

    def lines(self, count: int) -> list[str]:
        """Return so many lines that it prints; fewer if it ended before."""
        assert self._process.stdout is not None
        lines = (self._process.stdout.readline() for _ in range(count))
        return [line.rstrip("\n") for line in lines if line]
