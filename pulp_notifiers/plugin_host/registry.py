"""The installed plugins, and the one loaded copy of each in this process (owner of stevedore)."""

import logging
import threading
from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from pydantic import BaseModel
from stevedore.extension import Extension
from stevedore.named import NamedExtensionManager

from ..errors import InvalidSetting, NotifierUnavailable, PluginUnavailable, SourceUnavailable
from .calls import not_installed
from .notifiers import LoadedNotifier
from .source_types import LoadedSourceType

NOTIFIERS = "pulp_notifiers.notifiers"
"""The entry point group of notifiers."""

SOURCES = "pulp_notifiers.sources"
"""The entry point group of sources."""

_RENAMED: Mapping[str, str] = {"rest-api": "http"}
"""Types that Pulp renamed although stored listeners keep the old type (CONTRACT 7, Q2)."""

_logger = logging.getLogger(__name__)

SectionReader = Callable[[str, type[BaseModel]], BaseModel]


class _Loaded(Protocol):
    """A plugin that was loaded."""

    def close(self) -> None: ...


LoadedT = TypeVar("LoadedT", bound=_Loaded)


@dataclass(frozen=True, slots=True)
class InstalledPlugin:
    """A type of notifier or source that an installed distribution offers.

    :ivar origin: what the entry point names, ``module:attribute``.
    :ivar problem: why it cannot be used, as far as known; None otherwise.
    """

    type: str
    distribution: str
    version: str
    origin: str
    problem: str | None


class PluginRegistry(ABC, Generic[LoadedT]):
    """The plugins of one entry point group, each loaded on first use.

    Asked for an unknown type, it scans the installed distributions again, so that a plugin installed while the service
    runs is found.

    :cvar noun: what the plugins of the group are, for people.
    :cvar renamed: old type to its present name.
    :param group: the entry point group.
    """

    noun: ClassVar[str]
    renamed: ClassVar[Mapping[str, str]] = {}

    def __init__(self, group: str) -> None:
        self._group = group
        self._loaded: dict[str, LoadedT] = {}
        self._load_problems: dict[str, str] = {}
        self._lock = threading.Lock()

    @abstractmethod
    def _wrap(self, name: str, plugin: Any) -> LoadedT:
        """Return the loaded plugin; raise TypeError if it does not implement the contract."""

    @abstractmethod
    def _unavailable(self, name: str, reason: str) -> PluginUnavailable:
        """Return the error that says why a plugin cannot be used."""

    def installed(self) -> list[InstalledPlugin]:
        """Return the installed plugins in the order of their types, without importing any."""
        return [
            self._described(entry, self._conflict(name, entries) or self._load_problems.get(name))
            for name, entries in sorted(self._scan().items())
            for entry in entries
        ]

    def examined(self) -> list[InstalledPlugin]:
        """Load every installed plugin and return all of them with their problems."""
        for name, entries in self._scan().items():
            try:
                self._get(name, entries)
            except PluginUnavailable as unavailable:
                _logger.debug("%s %s: %s", self.noun.capitalize(), name, unavailable.reason)
        return self.installed()

    def knows(self, plugin_type: str) -> bool:
        """Return whether a listener or source of this type may be registered: exactly one distribution offers it."""
        return plugin_type in self._loaded or len(self._scan().get(plugin_type, ())) == 1

    def get(self, plugin_type: str) -> LoadedT:
        """Return a plugin, loading it on first use.

        :raises PluginUnavailable: it is not installed, cannot be loaded, or two distributions offer it.
        """
        return self._get(self.renamed.get(plugin_type, plugin_type))

    def close(self) -> None:
        """Close every loaded plugin."""
        with self._lock:
            loaded, self._loaded = self._loaded, {}
        for plugin in loaded.values():
            try:
                plugin.close()
            except PluginUnavailable as failure:
                _logger.error("%s", failure)

    def _get(self, name: str, entries: list[EntryPoint] | None = None) -> LoadedT:
        """Return a plugin, loading it on first use.

        :param entries: what a scan has just found; a scan reads the metadata of every installed distribution.
        """
        with self._lock:
            if name not in self._loaded:
                self._loaded[name] = self._load(name, self._scan().get(name, []) if entries is None else entries)
            return self._loaded[name]

    def _scan(self) -> dict[str, list[EntryPoint]]:
        found: dict[str, list[EntryPoint]] = defaultdict(list)
        for entry in entry_points(group=self._group):
            found[entry.name].append(entry)
        return found

    def _load(self, name: str, entries: list[EntryPoint]) -> LoadedT:
        if not entries:
            raise self._unavailable(name, not_installed(self.noun, name))
        conflict = self._conflict(name, entries)
        if conflict:
            raise self._unavailable(name, conflict)
        self._load_problems.pop(name, None)
        try:
            return _OnePlugin(entries[0], self._wrap).load()
        except _LoadFailure as failure:
            self._load_problems[name] = str(failure)
            raise self._unavailable(name, str(failure)) from failure.__cause__

    def _conflict(self, name: str, entries: list[EntryPoint]) -> str | None:
        if len(entries) == 1:
            return None
        offered = " and ".join(sorted(f"{_distribution(entry)} ({entry.value})" for entry in entries))
        return f"{self.noun.capitalize()} {name!r} is offered by {offered}; uninstall all but one."

    @staticmethod
    def _described(entry: EntryPoint, problem: str | None) -> InstalledPlugin:
        version = entry.dist.version if entry.dist else ""
        return InstalledPlugin(entry.name, _distribution(entry), version, entry.value, problem)


class NotifierRegistry(PluginRegistry[LoadedNotifier]):
    """The notifiers.

    :param settings: gives a notifier its validated section of the configuration file.
    """

    noun = "notifier"
    renamed = _RENAMED

    def __init__(self, settings: SectionReader | None = None, group: str = NOTIFIERS) -> None:
        super().__init__(group)
        self._settings = settings

    def require_settings(self) -> None:
        """Load every notifier, so that wrong settings are reported at start and not at the first event.

        :raises InvalidSetting: a notifier's section of the configuration file is wrong.
        """
        for name, entries in self._scan().items():
            try:
                self._get(name, entries)
            except NotifierUnavailable as unavailable:
                if isinstance(unavailable.__cause__, InvalidSetting):
                    raise unavailable.__cause__ from None
                _logger.error("Notifier %s cannot be used: %s", name, unavailable.reason)

    def _wrap(self, name: str, plugin: Any) -> LoadedNotifier:
        return LoadedNotifier(name, plugin, self._settings)

    def _unavailable(self, name: str, reason: str) -> NotifierUnavailable:
        return NotifierUnavailable(name, reason)


class SourceTypeRegistry(PluginRegistry[LoadedSourceType]):
    """The source types."""

    noun = "source"

    def __init__(self, group: str = SOURCES) -> None:
        super().__init__(group)

    def _wrap(self, name: str, plugin: Any) -> LoadedSourceType:
        return LoadedSourceType(name, plugin)

    def _unavailable(self, name: str, reason: str) -> SourceUnavailable:
        return SourceUnavailable(name, reason)


class _LoadFailure(Exception):
    """An entry point cannot be loaded; the text says why."""


class _OnePlugin(NamedExtensionManager[Any], Generic[LoadedT]):
    """Loads one entry point that was just found.

    Stevedore caches its own look-up for the whole process, which would hide distributions installed later.
    """

    def __init__(self, entry: EntryPoint, wrap: Callable[[str, Any], LoadedT]) -> None:
        self._entry = entry
        self._wrap = wrap
        self._wrapped: LoadedT | None = None
        self._failure: BaseException | None = None
        try:
            super().__init__(
                entry.group,
                [entry.name],
                on_load_failure_callback=self._remember_failure,
                on_missing_entrypoints_callback=None,
            )
        except (AssertionError, SystemExit) as failure:  # the two that stevedore does not catch
            self._failure = failure

    def list_entry_points(self) -> list[EntryPoint]:
        return [self._entry]

    def load(self) -> LoadedT:
        if self._wrapped is None:
            raise _LoadFailure(self._reason()) from self._failure
        return self._wrapped

    def _load_one_plugin(self, ep: EntryPoint, *_invocation: Any) -> Extension[Any]:
        plugin = ep.load()
        self._wrapped = self._wrap(ep.name, plugin)
        return Extension(ep.name, ep, plugin, self._wrapped)

    def _remember_failure(self, _manager: Any, _entry: EntryPoint, failure: BaseException) -> None:
        self._failure = failure

    def _reason(self) -> str:
        if isinstance(self._failure, InvalidSetting):
            return str(self._failure)
        what = f"{type(self._failure).__name__}: {self._failure}"
        return f"{_distribution(self._entry)} ({self._entry.value}) cannot be loaded: {what}"


def _distribution(entry: EntryPoint) -> str:
    return entry.dist.name if entry.dist else "an unknown distribution"
