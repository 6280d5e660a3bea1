"""The configuration file and the environment variables that override it, as texts.

The values are checked by the owner of their section, with :mod:`pulp_notifiers.settings`. Apart from it, because the
models there take half of the time of a command that sends a request.
"""

import os
import re
from collections.abc import Container, Iterable, Mapping, Sequence
from configparser import ConfigParser, MissingSectionHeaderError, ParsingError
from pathlib import Path
from typing import Any, Self

from .errors import InvalidSetting

DEFAULT_FILE = Path("/etc/pulp-notifiers.conf")
PULP_FILE = Path("/etc/pulp/server.conf")
"""Pulp 2's own file, which has the same sections; read if there is no other."""

PREFIX = "PULP_NOTIFIERS_"
OWN_SECTION = "notifiers"

DEFAULT_BIND = "127.0.0.1:24818"
DEFAULT_DATABASE_TIMEOUT_SECONDS = 5.0

OWN_KEYS = (
    *("state_directory", "database_url", "database_timeout_seconds", "key_file", "bind"),
    *("tls_certificate", "tls_key"),
    *("worker_threads", "poll_seconds", "lease_seconds", "source_lease_seconds", "attempt_limit_seconds"),
    *("max_attempts", "max_crashes", "backoff_first_seconds", "backoff_longest_seconds", "keep_delivered_days"),
    *("keep_dead_days", "keep_events_days", "template_dir"),
    *("reveal_secrets", "allow_local_receivers", "max_targets", "max_body_bytes"),
    "credential_cache_seconds",
    *("password_hashes_at_once", "failed_logins", "failed_logins_of_address", "failed_login_longest_wait_seconds"),
    *("trusted_proxies", "remote_user_header", "client_subject_header", "log_level"),
)
"""The keys of ``[notifiers]``, as in its model."""

_ANY_TEXT = frozenset({"state_directory", "database_url", "key_file", "tls_certificate", "tls_key"})
_BIND = re.compile(r"\S+:[0-9]{1,5}")
_SECRET_KEY = re.compile(r"passw|secret|token|credential|api_?key", re.IGNORECASE)
_PASSWORD_IN_URL = re.compile(r"://[^/?#\s]*[:/][^?#\s]*@")  # also USER/PASSWORD@, which Pulp 2 had
_SYSTEM_STATE = Path("/var/lib/pulp-notifiers")


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
        """Read the file that the environment names, or the first of the default ones that exists.

        :raises InvalidSetting: the file cannot be read.
        """
        file = settings_file(environ)
        if not environ.get(PREFIX + "CONF") and not _exists(file):
            return cls({}, file, environ)
        # No interpolation: a % in a password is an ordinary character.
        parser = ConfigParser(interpolation=None, strict=False)
        try:
            parser.read_string(file.read_text(encoding="utf-8-sig"), source=str(file))
        except OSError as error:
            hint = f"Correct {PREFIX}CONF" if environ.get(PREFIX + "CONF") else "Move it away"
            raise InvalidSetting(
                f"The configuration file {file} cannot be read: {error.strerror}. {hint}, let the user of this process "
                "read it, or run this as the user of the service."
            ) from None
        except UnicodeDecodeError as error:
            raise InvalidSetting(
                f"The configuration file {file} cannot be read: byte {error.start} is not UTF-8. Save it in UTF-8."
            ) from None
        except ParsingError as error:
            raise InvalidSetting(f"The configuration file {file} cannot be read: {_unreadable(error)}") from None
        return cls({name: dict(parser[name]) for name in parser.sections()}, file, environ)

    @property
    def file(self) -> Path:
        """The file that the settings come from, or would."""
        return self._file

    def holds_secrets(self) -> bool:
        """Return whether the file contains passwords or other secrets."""
        return any(
            text and (_SECRET_KEY.search(key) or _PASSWORD_IN_URL.search(text))
            for values in self._sections.values()
            for key, text in values.items()
        )

    def texts(self, section: str, keys: Iterable[str]) -> dict[str, str]:
        """Return the texts of a section: all that the file has, and those of the keys that the environment has."""
        found = dict(self._sections.get(section, {}))
        for key in keys:
            variable = self._variable(section, key)
            self._known_variables.add(variable)
            if variable in self._environ:
                found[key] = self._environ[variable]
        return found

    def portable(self) -> dict[str, Any]:
        """Return these settings as JSON values, with which another process can make the same."""
        sections = {name: {key: str(text) for key, text in keys.items()} for name, keys in self._sections.items()}
        environ = {name: text for name, text in self._environ.items() if name.startswith(PREFIX)}
        return {"sections": sections, "file": str(self._file), "environ": environ}

    def plain_own_texts(self) -> dict[str, str] | None:
        """Return the texts of ``[notifiers]`` that are set, if they need no check; None if only the model can decide.

        Any text is a path or URL, as far as the model checks.
        """
        texts = {key: text for key, text in self.texts(OWN_SECTION, OWN_KEYS).items() if text or key not in _ANY_TEXT}
        is_plain = texts.keys() <= {"bind", *_ANY_TEXT} and _BIND.fullmatch(texts.get("bind", DEFAULT_BIND))
        return texts if is_plain else None

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


def settings_file(environ: Mapping[str, str], defaults: Sequence[Path] = (DEFAULT_FILE, PULP_FILE)) -> Path:
    """Return the configuration file; the first of the defaults if none of them exists."""
    named = environ.get(PREFIX + "CONF")
    if named:
        return Path(named)
    return next((file for file in defaults if _exists(file)), defaults[0])


def _exists(file: Path) -> bool:
    try:
        return file.exists()
    except PermissionError:  # of its directory; reading it says so
        return True


def default_state_directory() -> Path:
    """Return the folder for the embedded database and the key file, if the settings name none."""
    given = os.environ.get("STATE_DIRECTORY")  # set by systemd's StateDirectory=
    if given:
        return Path(given)
    if os.geteuid() == 0:
        return _SYSTEM_STATE
    try:
        return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "pulp-notifiers"
    except RuntimeError:  # neither HOME nor an entry in the password database, as in a container
        return _SYSTEM_STATE


def embedded_database_url(state_directory: Path) -> str:
    """Return the URL of the database, if the settings name none."""
    return f"sqlite:///{state_directory / 'notifiers.db'}"


def key_file_in(state_directory: Path) -> Path:
    """Return the path of the key file, if the settings name none."""
    return state_directory / "secret.key"


def _unreadable(error: ParsingError) -> str:
    # Never show the line itself, which may contain a password.
    if isinstance(error, MissingSectionHeaderError):
        return f"line {error.lineno} is before the first [SECTION]: move it into a section or delete it."
    lines = ", ".join(str(number) for number, _ in error.errors)
    return f"write [SECTION], KEY = VALUE or a comment that begins with # in line {lines}."
