"""The rules for sources: what may be added, what is shown, and how requirements are checked."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Protocol

from ..encoding import unportable
from ..errors import InvalidSource, NoSuchSource, SourceUnavailable
from ..options import Merged, dropped_sentence, masked_without_stored, scrub, with_dropped
from ..plugin_host import LoadedSourceType, Registrar, all_problems
from ..records import (
    KeptAnswer,
    RegisteredSource,
    SourceChange,
    SourceDraft,
    SourceState,
    SourceStatus,
    is_name,
    name_problem,
)
from ..source import Check

_logger = logging.getLogger(__name__)

_Problems = Mapping[str, list[str]]
_NO_PROBLEMS: _Problems = {}

_SHORTEST = timedelta(microseconds=1)

Precondition = Callable[[RegisteredSource], None]
"""Raises unless the stored source may be changed; called in the transaction that changes it."""


class Rows(Protocol):
    """Where sources are stored (``pulp_notifiers.store``)."""

    def list(self) -> Sequence[RegisteredSource]: ...
    def get(self, name: str) -> RegisteredSource | None: ...
    def add(self, source: RegisteredSource, answer: KeptAnswer | None = None) -> bool: ...
    def amend(self, name: str, change: Callable[[RegisteredSource], RegisteredSource]) -> RegisteredSource | None: ...
    def delete(self, name: str, precondition: Callable[[RegisteredSource], None] | None = None) -> bool: ...
    def status(self, source_id: str, now: datetime) -> SourceStatus | None: ...
    def statuses(self, now: datetime) -> Mapping[str, SourceStatus]: ...


class SourceTypes(Protocol):
    """The installed source types (:class:`pulp_notifiers.plugin_host.SourceTypeRegistry`)."""

    def get(self, plugin_type: str, /) -> LoadedSourceType: ...


class Sources(Registrar[Rows, SourceTypes]):
    """The sources that administrators added."""

    def add(
        self,
        draft: SourceDraft,
        answer: Callable[[RegisteredSource], KeptAnswer | None] = lambda _source: None,
        found: _Problems = _NO_PROBLEMS,
    ) -> RegisteredSource:
        """Add a source; a process that runs sources starts it within seconds.

        Its name has 1 to 64 letters, digits, dots, ``_`` and ``-``, begins with a letter or digit, and is unique.

        :param found: what the caller found wrong already; then nothing is added.
        :param answer: returns what to keep in the same transaction, for requests that may be repeated.
        :raises KeyTaken: an answer to the same request is kept already; nothing is written.
        :raises InvalidSource: with all problems.
        """
        problems = all_problems(
            {**self._name_problems(draft.name), **self._config_problems(draft.source_type, draft.config)}, found
        )
        if problems:
            raise InvalidSource(problems)
        source = RegisteredSource.of(draft, self._new_id(), self._clock())
        if not self._rows.add(source, answer(source)):
            raise InvalidSource(_taken(draft.name))
        self._changed()
        return source

    def update(self, name: str, change: SourceChange, precondition: Precondition | None = None) -> RegisteredSource:
        """Change options of a source; it restarts within seconds and keeps what it remembers.

        A secret that is absent, or given as ``*****``, stays; but not if it would go elsewhere. ``dropped_secrets`` of
        the result names the secrets that were removed for that reason.

        :param precondition: called with the stored source; if it raises, nothing is changed.
        :raises NoSuchSource: no source has this name.
        :raises InvalidSource: with all problems; nothing is changed.
        """
        self._load_plugin(name)
        now = self._clock()
        merged = Merged({})

        def changed(stored: RegisteredSource) -> RegisteredSource:
            nonlocal merged
            if precondition is not None:
                precondition(stored)
            merged = self._merged(stored.source_type, stored.config, change.config)
            problems = with_dropped(self._config_problems(stored.source_type, merged.config), merged.dropped)
            if problems:
                raise InvalidSource(problems)
            # Later in any case, because the entity tag of a source depends on it, and clocks are set back.
            changed_at = max(now, (stored.changed_at or stored.created_at) + _SHORTEST)
            return replace(stored, config=dict(merged.config), changed_at=changed_at, unreadable=None)

        amended = self._rows.amend(name, changed)
        if amended is None:
            raise NoSuchSource(name)
        self._changed()
        if merged.dropped:
            _logger.warning("Source %s: %s", name, dropped_sentence(merged.dropped))
        return replace(amended, dropped_secrets=merged.dropped)

    def list(self) -> Sequence[RegisteredSource]:
        """Return all sources by name."""
        return self._rows.list()

    def get(self, name: str) -> RegisteredSource:
        """Return one source.

        :raises NoSuchSource: no source has this name.
        """
        found = self._rows.get(name) if is_name(name) else None
        if found is None:
            raise NoSuchSource(name)
        return found

    def remove(self, name: str, precondition: Precondition | None = None) -> None:
        """Remove a source and what it remembers; the process that runs it stops within seconds.

        :param precondition: called with the stored source; if it raises, nothing is removed.
        :raises NoSuchSource: no source has this name.
        """
        if precondition is not None:
            self._load_plugin(name)
        if not is_name(name) or not self._rows.delete(name, precondition):
            raise NoSuchSource(name)
        self._changed()

    def status(self, source: RegisteredSource | str) -> SourceStatus:
        """Return the status of a source, given as a record or by name.

        :raises NoSuchSource: no source has this name, or it was removed.
        """
        chosen = self.get(source) if isinstance(source, str) else source
        found = self._rows.status(chosen.id, self._clock())
        if found is None:
            raise NoSuchSource(chosen.name)
        return found

    def statuses(self) -> Mapping[str, SourceStatus]:
        """Return the status of all sources by name; decrypts no config."""
        return self._rows.statuses(self._clock())

    def misconfigured(self) -> Mapping[str, str]:
        """Return what to correct before a source can work, by the names of those that are failing for this reason.

        Unlike the problem in its status, it is about its options and its plugin only, not about any server.
        """
        statuses = self.statuses()
        failing = [source for source in self.list() if _is_failing(statuses.get(source.name))]
        found = {source.name: self._misconfiguration(source) for source in failing}
        return {name: problem for name, problem in found.items() if problem}

    def check(self, name: str) -> Sequence[Check]:
        """Check the requirements of a source, without changing anything.

        :raises NoSuchSource: no source has this name.
        :raises InvalidSource: its config no longer fits its plugin, or cannot be decrypted.
        :raises SourceUnavailable: its plugin cannot be used.
        """
        source = self.get(name)
        if source.unreadable is not None:
            raise InvalidSource({"config": [source.unreadable]})
        return self._checked(source.source_type, source.config)

    def check_config(self, source_type: str, config: Mapping[str, Any]) -> Sequence[Check]:
        """Check the requirements of a source before it is added.

        :raises InvalidSource: with all problems of type and config.
        """
        problems = self._config_problems(source_type, config)
        if problems:
            raise InvalidSource(problems)
        return self._checked(source_type, config)

    def shown_config(self, source: RegisteredSource) -> dict[str, Any]:
        """Return a source's config as it may be shown: secrets are ``*****`` unless they are revealed."""
        return self._shown(source.source_type, source.config)

    def _load_plugin(self, name: str) -> None:
        # Before the transaction, which must not hold up others for as long as an import takes.
        self._secret_options(self.get(name).source_type, {})

    def _checked(self, source_type: str, config: Mapping[str, Any]) -> Sequence[Check]:
        loaded = self._plugins.get(source_type)
        secret_options = loaded.secret_options(config)
        return [
            replace(found, finding=scrub(found.finding, config, secret_options))
            for found in loaded.check(loaded.parse(config))
        ]

    def _misconfiguration(self, source: RegisteredSource) -> str | None:
        if source.unreadable is not None:
            return source.unreadable
        try:
            self._plugins.get(source.source_type).parse(source.config)
        except (InvalidSource, SourceUnavailable) as problem:
            return str(problem)
        return None

    def _name_problems(self, name: object) -> _Problems:
        problem = name_problem(name)
        if problem is not None:
            return {"name": [problem]}
        return _taken(str(name)) if self._rows.get(str(name)) is not None else {}

    def _config_problems(self, source_type: str, config: Mapping[str, Any]) -> _Problems:
        flaw = unportable(dict(config))
        if flaw:
            return {"config": [flaw]}
        try:
            loaded = self._plugins.get(source_type)
        except SourceUnavailable as unavailable:
            return {"source_type": [unavailable.reason]}
        masked = masked_without_stored(config, loaded.secret_options(config))
        found = {f"config.{name}": [problem] for name, problem in masked.items()}
        try:
            loaded.parse(config)
        except InvalidSource as invalid:
            return {**invalid.problems, **found}
        except SourceUnavailable as unavailable:
            return {"config": [unavailable.reason]}
        return found


def _is_failing(status: SourceStatus | None) -> bool:
    return status is not None and status.state is SourceState.FAILING


def _taken(name: str) -> _Problems:
    return {"name": [f"A source named {name!r} already exists: choose another name, or remove it first."]}
