"""Configs of listeners and sources, encrypted at rest with one key."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol

import sqlalchemy as sa

from ..encoding import dumps
from ..errors import InvalidSetting, StoreUnavailable
from .database import Database
from .schema import listeners, sources


class Undecryptable(StoreUnavailable):
    """A text was encrypted with another key, or is damaged.

    :ivar damaged: it was not encrypted with any key.
    """

    def __init__(self, damaged: bool) -> None:
        super().__init__(
            "The key file cannot decrypt the stored configs: it is not the one they were encrypted with. "
            "Restore the right one from a backup."
        )
        self.damaged = damaged


class Cipher(Protocol):
    """Encrypts text (:class:`.vault.Vault`)."""

    def seal(self, text: str) -> str:
        """Return the text encrypted."""

    def open(self, sealed: str) -> str:
        """Return the text that was sealed.

        :raises Undecryptable: it was sealed with another key, or is damaged.
        """


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

        :raises Undecryptable: it was sealed with another key, or is damaged.
        """
        config: dict[str, Any] = json.loads(self._opened_cipher().open(sealed))
        return config

    def check_key(self) -> None:
        """Read the key and try it on what is stored.

        One config that cannot be decrypted says nothing about the key if another one can.

        :raises InvalidSetting: the key is missing, or can decrypt nothing of what is stored.
        """
        cipher = self._opened_cipher()
        wrong_key: Undecryptable | None = None
        for sealed in self._all_sealed():
            try:
                cipher.open(sealed)
            except Undecryptable as undecryptable:
                wrong_key = wrong_key if undecryptable.damaged else undecryptable
            else:
                return
        if wrong_key is not None:
            raise InvalidSetting(str(wrong_key))

    def _opened_cipher(self) -> Cipher:
        if self._cipher is None:
            self._cipher = self._make_cipher(next(self._all_sealed(), None) is not None)
        return self._cipher

    def _all_sealed(self) -> Iterator[str]:
        """Yield what is stored; only the first one is read unless more are asked for."""
        for table in (listeners, sources):
            yield from self._database.read(_configs(table, 1))
            yield from self._database.read(_configs(table, None))


def _configs(table: sa.Table, limit: int | None) -> Callable[[sa.Connection], Sequence[str]]:
    query = sa.select(table.c.sealed_config).limit(limit)
    return lambda connection: connection.scalars(query).all()
