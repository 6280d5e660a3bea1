"""Which notifiers are installed, and the one copy of each that this process uses (owner of stevedore)."""

import logging
import threading
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import Any, cast

from pydantic import BaseModel
from stevedore.extension import Extension
from stevedore.named import NamedExtensionManager

from .errors import InvalidSetting, NotifierUnavailable
from .notifier import LoadedNotifier

NOTIFIERS = "pulp_notifiers.notifiers"
"""The entry point group of notifiers."""

_RENAMED = {"rest-api": "http"}
"""Types that Pulp renamed while listeners of the old type stayed stored (CONTRACT 7, Q2)."""

_logger = logging.getLogger(__name__)

SectionReader = Callable[[str, type[BaseModel]], BaseModel]


@dataclass(frozen=True, slots=True)
class InstalledNotifier:
    """A notifier type that some distribution offers.

    :ivar origin: what the entry point names, ``module:attribute``.
    :ivar problem: why it cannot be used, as far as that is known; None otherwise.
    """

    type: str
    distribution: str
    version: str
    origin: str
    problem: str | None


class Registry:
    """The notifiers of the entry point group, each loaded on first use.

    Looks at the installed distributions anew where a type is asked for that it does not know, so that a plugin
    installed while the service runs is found.

    :param settings: gives a notifier its validated section of the configuration file.
    :param group: the entry point group.
    """

    def __init__(self, settings: SectionReader | None = None, group: str = NOTIFIERS) -> None:
        self._settings = settings
        self._group = group
        self._loaded: dict[str, LoadedNotifier] = {}
        self._load_problems: dict[str, str] = {}
        self._lock = threading.Lock()

    def installed(self) -> list[InstalledNotifier]:
        """Return what is installed, by type, without importing any of it."""
        return [
            self._described(entry, self._conflict(name, entries) or self._load_problems.get(name))
            for name, entries in sorted(self._scan().items())
            for entry in entries
        ]

    def examined(self) -> list[InstalledNotifier]:
        """Return what is installed after loading each, so that every problem is told."""
        for name in self._scan():
            try:
                self.get(name)
            except NotifierUnavailable as unavailable:
                _logger.debug("Notifier %s: %s", name, unavailable.reason)
        return self.installed()

    def require_settings(self) -> None:
        """Load every notifier so that wrong settings are told at start and not at the first event.

        :raises InvalidSetting: a notifier's section of the configuration file is wrong.
        """
        for name in self._scan():
            try:
                self.get(name)
            except NotifierUnavailable as unavailable:
                if isinstance(unavailable.__cause__, InvalidSetting):
                    raise unavailable.__cause__ from None
                _logger.error("Notifier %s cannot be used: %s", name, unavailable.reason)

    def knows(self, notifier_type: str) -> bool:
        """Tell whether a listener of this type may be registered: exactly one distribution offers it."""
        return notifier_type in self._loaded or len(self._scan().get(notifier_type, ())) == 1

    def get(self, notifier_type: str) -> LoadedNotifier:
        """Return a notifier, loading it on first use.

        :raises NotifierUnavailable: it is not installed, cannot be loaded, or two distributions offer it.
        """
        name = _RENAMED.get(notifier_type, notifier_type)
        with self._lock:
            if name not in self._loaded:
                self._loaded[name] = self._load(name)
            return self._loaded[name]

    def close(self) -> None:
        """Close every loaded notifier."""
        with self._lock:
            loaded, self._loaded = self._loaded, {}
        for notifier in loaded.values():
            try:
                notifier.close()
            except NotifierUnavailable as failure:
                _logger.error("%s", failure)

    def _scan(self) -> dict[str, list[EntryPoint]]:
        found: dict[str, list[EntryPoint]] = defaultdict(list)
        for entry in entry_points(group=self._group):
            found[entry.name].append(entry)
        return found

    def _load(self, name: str) -> LoadedNotifier:
        entries = self._scan().get(name, [])
        if not entries:
            raise NotifierUnavailable(name, f"No notifier {name!r} is installed.")
        conflict = self._conflict(name, entries)
        if conflict:
            raise NotifierUnavailable(name, conflict)
        self._load_problems.pop(name, None)
        try:
            return _OneNotifier(entries[0], self._settings).load()
        except NotifierUnavailable as unavailable:
            self._load_problems[name] = unavailable.reason
            raise

    @staticmethod
    def _conflict(name: str, entries: list[EntryPoint]) -> str | None:
        if len(entries) == 1:
            return None
        offered = " and ".join(sorted(f"{_distribution(entry)} ({entry.value})" for entry in entries))
        return f"Notifier {name!r} is offered by {offered}; uninstall all but one."

    @staticmethod
    def _described(entry: EntryPoint, problem: str | None) -> InstalledNotifier:
        version = entry.dist.version if entry.dist else ""
        return InstalledNotifier(entry.name, _distribution(entry), version, entry.value, problem)


class _OneNotifier(NamedExtensionManager[Any]):
    """Loads one entry point that was just found.

    Stevedore's own look-up is process-wide cached and would hide distributions installed later.
    """

    def __init__(self, entry: EntryPoint, settings: SectionReader | None) -> None:
        self._entry = entry
        self._settings = settings
        self._failure: BaseException | None = None
        try:
            super().__init__(
                entry.group,
                [entry.name],
                on_load_failure_callback=self._remember_failure,
                on_missing_entrypoints_callback=None,
            )
        except (AssertionError, SystemExit) as failure:  # the two that stevedore lets through
            self._failure = failure

    def list_entry_points(self) -> list[EntryPoint]:
        return [self._entry]

    def load(self) -> LoadedNotifier:
        if self._failure is not None:
            raise NotifierUnavailable(self._entry.name, self._reason()) from self._failure
        (extension,) = self.extensions
        return cast(LoadedNotifier, extension.obj)

    def _load_one_plugin(self, ep: EntryPoint, *_invocation: Any) -> Extension[Any]:
        plugin = ep.load()
        return Extension(ep.name, ep, plugin, LoadedNotifier(ep.name, plugin, self._settings))

    def _remember_failure(self, _manager: Any, _entry: EntryPoint, failure: BaseException) -> None:
        self._failure = failure

    def _reason(self) -> str:
        if isinstance(self._failure, InvalidSetting):
            return str(self._failure)
        what = f"{type(self._failure).__name__}: {self._failure}"
        return f"{_distribution(self._entry)} ({self._entry.value}) cannot be loaded: {what}"


def _distribution(entry: EntryPoint) -> str:
    return entry.dist.name if entry.dist else "an unknown distribution"
