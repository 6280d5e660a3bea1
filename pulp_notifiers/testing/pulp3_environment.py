"""The virtual environment that a Pulp 3 for tests runs in: made once per version, and kept."""

import fcntl
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_COMPLETE = "complete"
_INSTALL_SECONDS = 600.0


def environment(version: str) -> Path:
    """Return the folder with the programs of a pulpcore, after installing it when that was not done before.

    It lies below ``$XDG_CACHE_HOME``, or ``~/.cache``. What this package itself needs stays out of it.

    :raises RuntimeError: it cannot be installed, for instance because no package index answers; the text says why.
    """
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "pulp-notifiers"
    folder = cache / f"pulpcore-{version}-python-{python}"
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with _only_one(folder.with_suffix(".lock")):
            if not (folder / _COMPLETE).exists():
                _install(version, folder)
    except OSError as problem:
        raise RuntimeError(f"pulpcore {version} cannot be installed in {cache}: {problem}") from problem
    return folder / "bin"


def _install(version: str, folder: Path) -> None:
    # --clear: an interrupted run may have left half a virtual environment.
    _run([sys.executable, "-m", "venv", "--clear", str(folder)])
    pip = [str(folder / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "--quiet"]
    _run([*pip, "install", f"pulpcore=={version}"])
    (folder / _COMPLETE).touch()


def _run(command: list[str]) -> None:
    surroundings = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")}
    try:
        told = subprocess.run(
            command, check=False, capture_output=True, text=True, env=surroundings, timeout=_INSTALL_SECONDS
        )
    except subprocess.TimeoutExpired as late:
        raise RuntimeError(f"pulpcore was not installed within {_INSTALL_SECONDS:g} s") from late
    if told.returncode:
        lines = (told.stderr or told.stdout).strip().splitlines() or ["no word why"]
        raise RuntimeError(f"pulpcore cannot be installed: {lines[-1]}")


@contextmanager
def _only_one(path: Path) -> Iterator[None]:
    with path.open("w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
