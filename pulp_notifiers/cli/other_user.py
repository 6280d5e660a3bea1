"""The command line with which the right user runs a command."""

import shlex
import sys
from collections.abc import Mapping, Sequence
from itertools import takewhile
from pathlib import Path

from ..errors import WrongUser

_CONF = "PULP_NOTIFIERS_CONF"
_STATE = "PULP_NOTIFIERS_STATE_DIRECTORY"
_PROGRAM = "pulp-notifiers"


def command_of_owner(error: WrongUser, arguments: Sequence[str], environ: Mapping[str, str]) -> str:
    """Return the command line for the owner of the database.

    Without the options of the command, because one may be a password. It names the settings that the command used,
    because those of the other user may be different.
    """
    settings = {name: environ[name] for name in (_CONF, _STATE) if environ.get(name)}
    if not settings:
        settings[_STATE] = str(error.file.parent)
    program = sys.argv[0] if Path(sys.argv[0]).name == _PROGRAM else _PROGRAM
    words = takewhile(lambda word: not word.startswith("-"), arguments)
    assignments = (f"{name}={value}" for name, value in settings.items())
    return shlex.join(["sudo", "-u", error.owner, "env", *assignments, program, *words])
