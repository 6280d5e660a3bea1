"""Makes what is no file of certificates, in many ways."""

import os
import socket
from collections.abc import Callable
from pathlib import Path


def _write(content: bytes, size: int | None = None) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        with path.open("wb") as file:
            file.write(content)
            if size is not None:
                file.truncate(size)

    return make


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))


def _crowded(path: Path) -> None:
    path.mkdir()
    for number in range(10_001):
        (path / f"{number:08x}.0").touch()


def _with_fifo(path: Path) -> None:
    path.mkdir()
    (path / "00000000.0").touch()
    os.mkfifo(path / "11111111.0")


_MAKERS: dict[str, Callable[[Path], object]] = {
    "missing": lambda path: None,
    "empty": _write(b""),
    "text": _write(b"root:x:0:0:root:/root:/bin/sh\n" * 100),
    "huge": _write(b"-----BEGIN CERTIFICATE-----\n", 1 << 40),
    "broken": _write(b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
    "fifo": os.mkfifo,
    "socket": _socket,
    "loop": lambda path: path.symlink_to(path),
    "directory": lambda path: path.mkdir(),
    "crowded": _crowded,
    "with-fifo": _with_fifo,
}
_EXISTING = {
    "device": "/dev/zero",
    "terminal": "/dev/tty",
    "endless": "/proc/self/mem",
    "too-long": "/" + "x" * 5000,
}

UNSUITABLE = [*_MAKERS, *_EXISTING]


def unsuitable_file(kind: str, folder: Path) -> str:
    """Return the path of one that is made in a folder, or exists in each system."""
    if kind in _EXISTING:
        return _EXISTING[kind]
    _MAKERS[kind](folder / kind)
    return str(folder / kind)
