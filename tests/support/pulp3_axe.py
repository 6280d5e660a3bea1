"""A process that is killed and restarted repeatedly while it works."""

import random
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

_LOOK_SECONDS = 0.1


class Axe:
    """Runs a command between ``with Axe(...) as axe:`` and the end of the block, and restarts it after each kill.

    :param environ: all of its environment variables.
    :param log: the file to which its output goes.
    :param done: counts what the process has done so far. It is killed only after it did something, so that each kill
        interrupts work.
    :param kills: how often it is killed.
    :param longest_life_seconds: how long it may live after it has begun to work.
    :ivar killed: how often it was killed so far.
    """

    def __init__(
        self,
        command: Sequence[str],
        environ: Mapping[str, str],
        log: Path,
        done: Callable[[], int],
        kills: int,
        longest_life_seconds: float,
    ) -> None:
        self.killed = 0
        self.log = log
        self._command = command
        self._environ = environ
        self._done = done
        self._kills = kills
        self._longest_life_seconds = longest_life_seconds
        self._nothing_to_do = threading.Event()
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._kill_often, name="axe")

    def __enter__(self) -> Self:
        self._start()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ending.set()
        self._thread.join()
        self._kill()

    def finish(self) -> None:
        """Do the remaining kills, even if the process has nothing left to do; return after the last one."""
        self._nothing_to_do.set()
        self._thread.join()

    def require_alive(self) -> None:
        """Fail if the process has ended by itself."""
        assert self._process.poll() is None, self.log.read_text(encoding="utf-8")

    def _start(self) -> None:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(self._command, env=self._environ, stdout=log, stderr=log)

    def _kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def _kill_often(self) -> None:
        while self.killed < self._kills and self._works():
            if self._ending.wait(random.uniform(0, self._longest_life_seconds)):
                return
            self._kill()
            self.killed += 1
            self._start()

    def _works(self) -> bool:
        before = self._done()
        while self._done() == before and not self._nothing_to_do.is_set():
            if self._ending.wait(_LOOK_SECONDS):
                return False
        return True
