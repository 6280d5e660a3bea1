"""Whether the files of an embedded database exist, and whether this process may create files beside them."""

import os
import pwd
from pathlib import Path

from ..errors import InvalidSetting, WrongUser


def require_existing(file: Path) -> None:
    """Check that a database exists, for commands that only look at it.

    :raises InvalidSetting: it does not; the sentence says what creates it.
    """
    if _owner_of(file) is None:
        raise InvalidSetting(
            f"There is no database {file}, and nothing was created. If the service uses another one, give this command "
            f"its settings: PULP_NOTIFIERS_CONF, or PULP_NOTIFIERS_STATE_DIRECTORY. Otherwise create it as the user of "
            f"the service: start pulp-notifiers serve, or run pulp-notifiers db upgrade."
        )


def require_owner(file: Path, user_id: int | None = None) -> None:
    """Check that a database, or the folder for a new one, belongs to the user of this process.

    SQLite creates files beside the database even to read it, and the owner of the database could not open them.

    :param user_id: the user; None for that of this process.
    :raises WrongUser: it belongs to another user.
    """
    current = os.geteuid() if user_id is None else user_id
    owner = _owner_of(file)
    exists = owner is not None
    if not exists:
        # Anybody may create files in a shared folder, such as /tmp; only root may in every folder.
        owner = _owner_of(file.parent) if current == 0 else current
    if owner not in (None, current):
        raise WrongUser(file, user_name(owner), user_name(current), exists)


def _owner_of(path: Path) -> int | None:
    """Return the user to whom a file or folder belongs; None if it does not exist."""
    try:
        return path.stat().st_uid
    except (FileNotFoundError, NotADirectoryError):
        return None
    except PermissionError:
        return _owner_of(path.parent)
    except OSError as error:
        raise InvalidSetting(f"The database file {path} cannot be opened: {error.strerror}.") from None


def user_name(user_id: int | None) -> str:
    """Return the name of a user; ``#`` and the number if the user has none."""
    try:
        return pwd.getpwuid(user_id or 0).pw_name
    except KeyError:
        return f"#{user_id}"  # as sudo takes it
