"""Pulp's ``server.conf`` and the environment variables that override it, as texts.

The values are checked by the owner of their section, with :mod:`pulp_notifiers.settings`. Apart from it, because the
models there take half of the time of a command that sends a request.
"""

import os
from collections.abc import Container, Iterable, Mapping
from configparser import ConfigParser, MissingSectionHeaderError, ParsingError
from pathlib import Path
from typing import Self

from .errors import InvalidSetting

DEFAULT_FILE = Path("/etc/pulp/server.conf")
PREFIX = "PULP_NOTIFIERS_"
OWN_SECTION = "notifiers"

DEFAULT_BIND = "127.0.0.1:24818"

ANY_TEXT = frozenset({"state_directory", "database_url", "key_file", "tls_certificate", "tls_key"})
"""The keys of ``[notifiers]`` for which every text is allowed, so that there is nothing to check."""


class ServerConf:
    """All settings of one process, as texts.

    :param sections: section name to key to text, as in the file.
    :param file: the file that they come from, for messages.
    :param environ: environment variables, which override the file.
    """

    def __init__(
        self,
        sections: Mapping[str, Mapping[str, str]] | None = None,
        file: Path = DEFAULT_FILE,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self._sections = sections or {}
        self._file = file
        self._environ = environ or {}
        self._known_variables = {PREFIX + "CONF", PREFIX + "ADMIN_PASSWORD"}

    @classmethod
    def load(cls, environ: Mapping[str, str] = os.environ) -> Self:
        """Read the file that the environment names, or ``/etc/pulp/server.conf`` if it exists.

        :raises InvalidSetting: the file cannot be read.
        """
        named = environ.get(PREFIX + "CONF")
        file = Path(named) if named else DEFAULT_FILE
        if not named and not file.exists():
            return cls({}, file, environ)
        # No interpolation: a % in a password is an ordinary character.
        parser = ConfigParser(interpolation=None, strict=False)
        try:
            parser.read_string(file.read_text(encoding="utf-8-sig"), source=str(file))
        except (OSError, UnicodeDecodeError) as error:
            raise InvalidSetting(f"The configuration file {file} cannot be read: {error}") from None
        except ParsingError as error:
            raise InvalidSetting(f"The configuration file {file} cannot be read: {_unreadable(error)}") from None
        return cls({name: dict(parser[name]) for name in parser.sections()}, file, environ)

    def texts(self, section: str, keys: Iterable[str]) -> dict[str, str]:
        """Return the texts of a section: all that the file has, and those of the keys that the environment has."""
        found = dict(self._sections.get(section, {}))
        for key in keys:
            variable = self._variable(section, key)
            self._known_variables.add(variable)
            if variable in self._environ:
                found[key] = self._environ[variable]
        return found

    def unknown_variables(self) -> list[str]:
        """Return the environment variables with this product's prefix that no section read so far has."""
        return sorted(name for name in self._environ if name.startswith(PREFIX) and name not in self._known_variables)

    def _origin(self, section: str, key: str, keys: Container[str]) -> str:
        variable = self._variable(section, key)
        if key in keys and variable in self._environ:
            return f"environment variable {variable} ([{section}] {key})"
        return f"{self._file}: [{section}] {key}".rstrip()

    @staticmethod
    def _variable(section: str, key: str) -> str:
        return PREFIX + (key if section == OWN_SECTION else f"{section}_{key}").upper().replace("-", "_")


def _unreadable(error: ParsingError) -> str:
    # Never show the line itself, which may contain a password.
    if isinstance(error, MissingSectionHeaderError):
        return f"line {error.lineno} is before the first [SECTION]: move it into a section or delete it."
    lines = ", ".join(str(number) for number, _ in error.errors)
    return f"write [SECTION], KEY = VALUE or a comment that begins with # in line {lines}."
