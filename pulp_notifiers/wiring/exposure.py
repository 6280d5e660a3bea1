"""Files with secrets that other users of the machine can read or replace."""

import stat
from collections.abc import Iterator
from pathlib import Path
from shlex import quote

from ..server_conf import ServerConf
from ..store import database_file
from .settings import DatabaseSettings

_READABLE = stat.S_IRGRP | stat.S_IROTH
_WRITABLE = stat.S_IWGRP | stat.S_IWOTH


def exposed_files(settings: DatabaseSettings, conf: ServerConf) -> list[str]:
    """Return a sentence for each file with secrets that others can read or replace, with the command that fixes it.

    They are not refused: a service would not start any more after an upgrade, and platforms that mount keys as files
    give them to a group.
    """
    return [
        *_of_key(settings.resolved_key_file()),
        *_of_database(database_file(settings.resolved_database_url())),
        *_of_settings(conf),
    ]


def _of_key(file: Path) -> Iterator[str]:
    mode = _mode(file)
    if mode is not None and mode & (_READABLE | _WRITABLE):
        yield (
            f"The key file {file} has mode {mode:04o}: others can read or replace the key that decrypts all stored "
            f"secrets. Run: chmod 600 {quote(str(file))}"
        )
    folder = _mode(file.parent)
    if mode is not None and folder is not None and folder & _WRITABLE and not folder & stat.S_ISVTX:
        yield (
            f"The folder {file.parent} of the key file has mode {folder:04o}: others can replace the key. "
            f"Run: chmod go-w {quote(str(file.parent))}"
        )


def _of_database(file: Path | None) -> Iterator[str]:
    mode = None if file is None else _mode(file)
    if mode is not None and mode & (_READABLE | _WRITABLE):
        yield (
            f"The database {file} has mode {mode:04o}: others can read events and hashes of passwords, or change them. "
            f"Run: chmod 600 {quote(str(file))}*"
        )


def _of_settings(conf: ServerConf) -> Iterator[str]:
    mode = _mode(conf.file)
    # Its group may read it: that of the service, if the file belongs to root.
    if mode is not None and (mode & stat.S_IWOTH or (mode & stat.S_IROTH and conf.holds_secrets())):
        yield (
            f"The configuration file {conf.file} has mode {mode:04o}: every user of this machine can read its "
            f"passwords or change it. Run: chmod o-rwx {quote(str(conf.file))}"
        )


def _mode(path: Path) -> int | None:
    try:
        return stat.S_IMODE(path.stat().st_mode)
    except OSError:
        return None  # it does not exist, or what opens it says why it cannot
