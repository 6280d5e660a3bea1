"""Configs of listeners and sources, encrypted at rest with one key."""

import json
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import sqlalchemy as sa

from ..encoding import dumps
from ..errors import InvalidSetting, StoreUnavailable
from .database import Database
from .schema import listeners, sources


class Cipher(Protocol):
    """Encrypts text (:class:`.vault.Vault`)."""

    def seal(self, text: str) -> str:
        """Return the text encrypted."""

    def open(self, sealed: str) -> str:
        """Return the text that was sealed."""


class SealedConfigs:
    """Seals and opens configs; makes the cipher when it is first needed.

    :param make_cipher: called once, after the schema exists, with whether the database contains sealed configs.
    """

    def __init__(self, database: Database, make_cipher: Callable[[bool], Cipher]) -> None:
        self._database = database
        self._make_cipher = make_cipher
        self._cipher: Cipher | None = None

    def seal(self, config: Mapping[str, Any]) -> str:
        """Return a config as encrypted JSON."""
        return self._opened_cipher().seal(dumps(config))

    def open(self, sealed: str) -> dict[str, Any]:
        """Return the config that was sealed.

        :raises StoreUnavailable: it was sealed with another key.
        """
        config: dict[str, Any] = json.loads(self._opened_cipher().open(sealed))
        return config

    def check_key(self) -> None:
        """Read the key and try it on a stored config.

        :raises InvalidSetting: the key is missing, or cannot decrypt what is stored.
        """
        sealed = self._any_sealed()
        cipher = self._opened_cipher()
        if sealed is not None:
            try:
                cipher.open(sealed)
            except StoreUnavailable as wrong_key:
                raise InvalidSetting(str(wrong_key)) from None

    def _opened_cipher(self) -> Cipher:
        if self._cipher is None:
            self._cipher = self._make_cipher(self._any_sealed() is not None)
        return self._cipher

    def _any_sealed(self) -> str | None:
        for table in (listeners, sources):
            found: str | None = self._database.read(_first_config(table))
            if found is not None:
                return found
        return None


def _first_config(table: sa.Table) -> Callable[[sa.Connection], Any]:
    query = sa.select(table.c.sealed_config).limit(1)
    return lambda connection: connection.execute(query).scalar()
