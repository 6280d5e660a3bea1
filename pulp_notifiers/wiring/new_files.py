"""The files that the first use of a database creates, and to whom they belong."""

import os
import shlex
import stat
from collections.abc import Sequence
from pathlib import Path

from ..store import database_file
from .settings import DatabaseSettings
from .state_owner import user_name


def missing_files(settings: DatabaseSettings) -> list[Path]:
    """Return those of the embedded database and the key file that do not exist."""
    files = (database_file(settings.resolved_database_url()), settings.resolved_key_file())
    return [file for file in files if file is not None and not _exists(file)]


def created_files(missing: Sequence[Path]) -> str | None:
    """Return a sentence about those of the missing files that exist now; None if none does.

    They belong to the user of this process, and only a service of this user can open them.
    """
    created = [file for file in missing if _exists(file)]
    if not created:
        return None
    user = user_name(os.geteuid())
    sentence = f"Created {' and '.join(map(str, created))}: only a service that runs as {user} can open that."
    if os.geteuid() != 0:
        return sentence
    # A shared folder, such as /tmp, stays as it is.
    folders = dict.fromkeys(file.parent for file in created if not file.parent.stat().st_mode & stat.S_ISVTX)
    paths = shlex.join(map(str, [*folders, *created]))
    return f"{sentence} If yours runs as another user, run: chown USER {paths}"


def _exists(file: Path) -> bool:
    try:
        return file.exists()
    except OSError:
        return True  # what opens it says why it cannot
