"""The notifier ``file``: appends each event to a file, as one line of JSON."""

import fcntl
import os
from pathlib import Path
from typing import BinaryIO

from pydantic import Field

from pulp_notifiers.encoding import dumps
from pulp_notifiers.errors import TemporaryFailure
from pulp_notifiers.event import Event
from pulp_notifiers.notifier import Notifier, NotifierConfig


class FileConfig(NotifierConfig):
    """The options of a listener of the type ``file``."""

    path: str = Field(pattern="^/", description="Absolute path of the file; it is created if it does not exist.")


class FileNotifier(Notifier[FileConfig]):
    """Appends events to a file."""

    Config = FileConfig

    def send(self, event: Event, config: FileConfig, target: str) -> None:
        """Append one line, and return once it is on disk."""
        line = dumps({"id": str(event.id), **event.body()}).encode() + b"\n"
        try:
            with Path(config.path).open("a+b") as file:
                fcntl.flock(file, fcntl.LOCK_EX)  # until the file is closed: other threads and services write too
                file.write(b"\n" + line if _is_torn(file) else line)
                file.flush()
                os.fsync(file.fileno())
        except OSError as problem:
            raise TemporaryFailure(f"Cannot append to {config.path}: {problem.strerror}.") from problem


def _is_torn(file: BinaryIO) -> bool:
    """Return whether the last line is incomplete, because the disk was full when it was written."""
    size = file.seek(0, os.SEEK_END)
    return size > 0 and os.pread(file.fileno(), 1, size - 1) != b"\n"
