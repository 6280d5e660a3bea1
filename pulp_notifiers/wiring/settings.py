"""What the settings say about the database."""

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from ..server_conf import (
    DEFAULT_DATABASE_TIMEOUT_SECONDS,
    ServerConf,
    default_state_directory,
    embedded_database_url,
    key_file_in,
)


class DatabaseSettings(Protocol):
    """Where the database and the key are; the section ``[notifiers]`` is one."""

    @property
    def database_timeout_seconds(self) -> float:
        """How long the database may take to answer."""

    def resolved_database_url(self) -> str:
        """Return the database's URL with the default filled in."""

    def resolved_key_file(self) -> Path:
        """Return the key file's path with the default filled in."""


class _Texts:
    """The texts of ``[notifiers]``, none of which needs a check."""

    database_timeout_seconds = DEFAULT_DATABASE_TIMEOUT_SECONDS

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = texts

    def resolved_database_url(self) -> str:
        return self._texts.get("database_url") or embedded_database_url(self._state_directory())

    def resolved_key_file(self) -> Path:
        given = self._texts.get("key_file")
        return Path(given) if given else key_file_in(self._state_directory())

    def _state_directory(self) -> Path:
        given = self._texts.get("state_directory")
        return Path(given) if given else default_state_directory()


def database_settings() -> DatabaseSettings:
    """Return what the settings of this process say about the database.

    :raises InvalidSetting: any setting in the section ``[notifiers]`` is wrong.
    """
    texts = ServerConf.load().plain_own_texts()
    if texts is not None:
        return _Texts(texts)
    from ..settings import Settings  # noqa: PLC0415  pydantic takes a fifth of the time of `user list`

    return Settings.load().own()
