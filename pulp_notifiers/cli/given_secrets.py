"""Secrets of listeners and sources: typed or read from standard input, and warnings of those on the command line."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

import click

from .connection import ask_password, at_terminal, standard_input, warn_of_command_line

# A copy of SECRET_NAME, because importing it takes longer than a request takes; a test compares them.
SECRET_NAME = re.compile(r"passw|secret|token|credential|api_?key", re.IGNORECASE)

_USER_IN_URL = re.compile(r"[a-z][a-z0-9+.-]*://[^/?#@]*:[^/?#]*@", re.IGNORECASE)


def read_secret(key: str, otherwise: str) -> str:
    """Return a secret that is typed at the terminal; without one, the next line of standard input.

    :param otherwise: how else to give it, such as ``--config key=@FILE``; empty if there is no other way.
    """
    hint = f" Give it with {otherwise}." if otherwise else ""
    if at_terminal():
        return ask_password(key, otherwise)
    try:
        line = standard_input().readline()
    except (OSError, UnicodeDecodeError) as error:
        raise click.UsageError(f"No {key} can be read: {error}.{hint}") from None
    if not line:
        raise click.UsageError(f"Standard input has no line for {key}.{hint}")
    return line.rstrip("\r\n")


def warn_of_secrets(given: Mapping[str, Any], otherwise: str, known: Iterable[str] = ()) -> None:
    """Warn of options whose values on the command line are secret.

    :param given: options with their values, named as on the command line.
    :param otherwise: how else to give them.
    :param known: those that are known to be secret; of the others, name and value decide.
    """
    for name, value in given.items():
        if value not in (None, "", "*****") and (name in known or SECRET_NAME.search(name) or _holds_password(value)):
            warn_of_command_line(name, otherwise)


def _holds_password(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(SECRET_NAME.search(str(name)) or _holds_password(inner) for name, inner in value.items())
    if isinstance(value, list | tuple):
        return any(map(_holds_password, value))
    return isinstance(value, str) and _USER_IN_URL.search(value) is not None
