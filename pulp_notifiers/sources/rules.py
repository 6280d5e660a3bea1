"""Adding, checking, showing, changing and removing sources."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Protocol

from ..encoding import unportable
from ..errors import InvalidSource, NoSuchSource, SourceUnavailable
from ..event import utc_now
from ..ids import ObjectIds
from ..options import MASK, mask, merge_config, scrub, unmask
from ..plugin_host import LoadedSource
from ..records import RegisteredSource, SourceStatus
from ..source import Check

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_NAME_RULE = "Write 1 to 64 letters, digits, dots, _ and -, beginning with a letter or digit."

_Problems = Mapping[str, list[str]]


class Rows(Protocol):
    """Where sources are kept (:class:`pulp_notifiers.store.sources.SourceRows`)."""

    def list(self) -> Sequence[RegisteredSource]: ...
    def get(self, name: str) -> RegisteredSource | None: ...
    def add(self, source: RegisteredSource) -> bool: ...
    def amend(self, name: str, change: Callable[[Mapping[str, Any]], Mapping[str, Any]]) -> RegisteredSource | None: ...
    def delete(self, name: str) -> bool: ...
    def status(self, source_id: str, now: datetime) -> SourceStatus | None: ...
    def statuses(self, now: datetime) -> Mapping[str, SourceStatus]: ...


class Types(Protocol):
    """Which source types are installed (:class:`pulp_notifiers.plugin_host.registry.SourceRegistry`)."""

    def get(self, plugin_type: str) -> LoadedSource: ...


class Sources:
    """The sources that administrators added.

    :param rows: where they are kept.
    :param types: what may be added, and which of its options are secret.
    :param changed: called after each change.
    """

    def __init__(
        self,
        rows: Rows,
        types: Types,
        reveal_secrets: bool = False,
        new_id: Callable[[], str] | None = None,
        clock: Callable[[], datetime] = utc_now,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        self._rows = rows
        self._types = types
        self._reveal_secrets = reveal_secrets
        self._new_id = new_id or ObjectIds(clock)
        self._clock = clock
        self._changed = changed

    def add(self, name: str, source_type: str, config: Mapping[str, Any]) -> RegisteredSource:
        """Add a source; a process that runs sources begins with it within seconds.

        :param name: unique; 1 to 64 letters, digits, dots, ``_`` and ``-``, beginning with a letter or digit.
        :raises InvalidSource: with everything that is wrong.
        """
        problems = {**self._name_problems(name), **self._config_problems(source_type, config)}
        if problems:
            raise InvalidSource(problems)
        source = RegisteredSource(self._new_id(), name, source_type, dict(config), self._clock())
        if not self._rows.add(source):
            raise InvalidSource(_taken(name))
        self._changed()
        return source

    def update(self, name: str, config: Mapping[str, Any]) -> RegisteredSource:
        """Change options of a source; it is begun anew within seconds, and keeps what it remembers.

        :param config: options to overwrite: one with None is removed, and a secret that reads ``*****`` stays.
        :raises NoSuchSource: there is none of this name.
        :raises InvalidSource: with everything that is wrong; nothing is changed.
        """
        stored = self.get(name)
        patch = unmask(config, self._secret_options(stored.source_type, {**stored.config, **config}))
        problems = self._config_problems(stored.source_type, merge_config(stored.config, patch))
        if problems:
            raise InvalidSource(problems)
        amended = self._rows.amend(name, lambda current: merge_config(current, patch))
        if amended is None:
            raise NoSuchSource(name)
        self._changed()
        return amended

    def list(self) -> Sequence[RegisteredSource]:
        """Return all sources by name."""
        return self._rows.list()

    def get(self, name: str) -> RegisteredSource:
        """Return one source.

        :raises NoSuchSource: there is none of this name.
        """
        found = self._rows.get(name) if _NAME.fullmatch(name) else None
        if found is None:
            raise NoSuchSource(name)
        return found

    def remove(self, name: str) -> None:
        """Remove a source and what it remembers; the process that runs it stops within seconds.

        :raises NoSuchSource: there is none of this name.
        """
        if not _NAME.fullmatch(name) or not self._rows.delete(name):
            raise NoSuchSource(name)
        self._changed()

    def status(self, source: RegisteredSource | str) -> SourceStatus:
        """Return how a source, or the one of a name, is.

        :raises NoSuchSource: there is none of this name, or it was removed.
        """
        chosen = self.get(source) if isinstance(source, str) else source
        found = self._rows.status(chosen.id, self._clock())
        if found is None:
            raise NoSuchSource(chosen.name)
        return found

    def statuses(self) -> Mapping[str, SourceStatus]:
        """Return how all sources are, by their names; opens no config."""
        return self._rows.statuses(self._clock())

    def check(self, name: str) -> Sequence[Check]:
        """Look at everything that a source needs, without changing anything.

        :raises NoSuchSource: there is none of this name.
        :raises InvalidSource: its config does not fit its plugin any more.
        :raises SourceUnavailable: its plugin cannot be used.
        """
        source = self.get(name)
        return self._checked(source.source_type, source.config)

    def check_config(self, source_type: str, config: Mapping[str, Any]) -> Sequence[Check]:
        """Look at everything that a source would need, before it is added.

        :raises InvalidSource: with everything that is wrong with type and config.
        """
        problems = self._config_problems(source_type, config)
        if problems:
            raise InvalidSource(problems)
        return self._checked(source_type, config)

    def shown_config(self, source: RegisteredSource) -> dict[str, Any]:
        """Return a source's config as it may leave the house: secrets read ``*****``."""
        if self._reveal_secrets:
            return dict(source.config)
        return mask(source.config, self._secret_options(source.source_type, source.config))

    def _secret_options(self, source_type: str, config: Mapping[str, Any]) -> frozenset[str]:
        try:
            return self._types.get(source_type).secret_options(config)
        except SourceUnavailable:
            # Nobody can say which options are secret, so all are.
            return frozenset(config)

    def _checked(self, source_type: str, config: Mapping[str, Any]) -> Sequence[Check]:
        loaded = self._types.get(source_type)
        secret_options = loaded.secret_options(config)
        return [
            replace(found, finding=scrub(found.finding, config, secret_options))
            for found in loaded.check(loaded.parse(config))
        ]

    def _name_problems(self, name: object) -> _Problems:
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            return {"name": [_NAME_RULE]}
        return _taken(name) if self._rows.get(name) is not None else {}

    def _config_problems(self, source_type: str, config: Mapping[str, Any]) -> _Problems:
        flaw = unportable(dict(config))
        if flaw:
            return {"config": [flaw]}
        try:
            loaded = self._types.get(source_type)
        except SourceUnavailable as unavailable:
            return {"source_type": [unavailable.reason]}
        found = {
            f"config.{name}": [f"{MASK} stands for a stored secret, and there is none: write the secret."]
            for name in sorted(loaded.secret_options(config))
            if config[name] == MASK
        }
        try:
            loaded.parse(config)
        except InvalidSource as invalid:
            return {**invalid.problems, **found}
        except SourceUnavailable as unavailable:
            return {"config": [unavailable.reason]}
        return found


def _taken(name: str) -> _Problems:
    return {"name": [f"There is a source {name!r} already: choose another name, or remove it first."]}
