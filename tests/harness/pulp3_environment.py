"""The virtual environment of the Pulp 3 for tests: created once per version, and kept."""

import fcntl
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_COMPLETE = "complete"
_INSTALL_SECONDS = 240.0
_LOCK_SECONDS = 2 * _INSTALL_SECONDS
_LOOK_SECONDS = 0.2
# One retry is enough for a slow index, and an index that does not answer is noticed within a minute.
_PIP = ("-m", "pip", "--disable-pip-version-check", "--quiet", "--no-input", "--retries", "1", "--timeout", "20")
_NO_INDEX = ("Retrying (", "NewConnectionError", "ConnectTimeoutError", "Read timed out")


def environment(version: str) -> Path:
    """Return the folder with the programs of a pulpcore; install it if it is not installed yet.

    It is in ``$XDG_CACHE_HOME`` or ``~/.cache``, and separate from the environment of this package. Test runs of the
    same user share it; the first one installs it, and others wait.

    :raises RuntimeError: it cannot be installed, for example because no package index answers; the text says why.
    """
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "pulp-notifiers"
    folder = cache / f"pulpcore-{version}-python-{python}"
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with _only_one(cache / f"{folder.name}.lock"):
            # Its Python is missing if that was updated or removed since.
            if not ((folder / _COMPLETE).exists() and (folder / "bin" / "python").exists()):
                _install(version, folder)
    except OSError as problem:
        raise RuntimeError(
            f"pulpcore {version} cannot be installed in {cache}: {problem}; name a folder of your own in XDG_CACHE_HOME"
        ) from problem
    return folder / "bin"


def _install(version: str, folder: Path) -> None:
    # --clear: an interrupted run may have left half a virtual environment.
    _run([sys.executable, "-m", "venv", "--clear", str(folder)])
    _run([str(folder / "bin" / "python"), *_PIP, "install", f"pulpcore=={version}"])
    (folder / _COMPLETE).touch()


def _run(command: list[str]) -> None:
    environ = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")}
    try:
        ended = subprocess.run(
            command,
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=environ,
            timeout=_INSTALL_SECONDS,
        )
    except subprocess.TimeoutExpired as late:
        raise RuntimeError(f"pulpcore was not installed within {_INSTALL_SECONDS:g} s") from late
    if ended.returncode:
        raise RuntimeError(f"pulpcore cannot be installed: {_reason(ended.stdout)}")


def _reason(output: str) -> str:
    if any(sign in output for sign in _NO_INDEX):
        return "the package index does not answer"
    lines = [line for line in output.strip().splitlines() if not line.startswith("[notice]")]
    return lines[-1] if lines else "pip gave no reason"


@contextmanager
def _only_one(path: Path) -> Iterator[None]:
    deadline = time.monotonic() + _LOCK_SECONDS
    with path.open("w", encoding="ascii") as lock:
        while not _locked(lock.fileno()):
            if time.monotonic() > deadline:
                raise RuntimeError(f"another test run has held {path} for {_LOCK_SECONDS:g} s")
            time.sleep(_LOOK_SECONDS)
        yield


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
