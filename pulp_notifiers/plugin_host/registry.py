"""The installed plugins, and the one loaded copy of each in this process (owner of stevedore)."""

import logging
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import EntryPoint
from typing import Any, ClassVar, Generic, NamedTuple, Protocol, TypeVar

from pydantic import BaseModel
from stevedore.extension import Extension
from stevedore.named import NamedExtensionManager

from ..distributions import NOTIFIERS, SOURCES, Installed, Offer
from ..errors import InvalidSetting, NotifierUnavailable, PluginUnavailable, SourceUnavailable
from .calls import described_error, not_installed
from .notifiers import LoadedNotifier, MisconfiguredNotifier
from .source_types import LoadedSourceType

LOOK_SECONDS = 5.0
"""How long a loaded plugin may be used before its distribution is looked for again."""

_RENAMED: Mapping[str, str] = {"rest-api": "http"}
"""Types that Pulp renamed although stored listeners keep the old type (CONTRACT 7, Q2)."""

_logger = logging.getLogger(__name__)

SectionReader = Callable[[str, type[BaseModel]], BaseModel]


class _Loaded(Protocol):
    """A plugin that was loaded (:class:`.loaded.LoadedPlugin`)."""

    problem: str | None

    def close(self) -> None: ...


LoadedT = TypeVar("LoadedT", bound=_Loaded)


@dataclass(frozen=True, slots=True)
class InstalledPlugin:
    """A type of notifier or source that an installed distribution offers.

    :ivar origin: what the entry point names, ``module:attribute``.
    :ivar problem: why it cannot be used, as far as known; None otherwise.
    :ivar warning: what to fix although it can be used; None otherwise.
    """

    type: str
    distribution: str
    version: str
    origin: str
    problem: str | None
    warning: str | None = None


class PluginRegistry(ABC, Generic[LoadedT]):
    """The plugins of one entry point group, each loaded on first use.

    Follows what is installed: a plugin that is installed while the service runs is found when it is asked for, and one
    that is uninstalled is no longer given out after :data:`LOOK_SECONDS`. Its modules stay imported, so what comes back
    is the same object, whatever its version.

    :cvar noun: what the plugins of the group are, for people.
    :cvar renamed: old type to its present name.
    :param group: the entry point group.
    :param monotonic: seconds of a clock that never goes back.
    """

    noun: ClassVar[str]
    renamed: ClassVar[Mapping[str, str]] = {}

    def __init__(self, group: str, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._installed = Installed(group)
        self._monotonic = monotonic
        self._loaded: dict[str, LoadedT] = {}
        self._removed: dict[str, LoadedT] = {}
        self._versions: dict[str, _Version] = {}
        self._load_problems: dict[str, str] = {}
        self._look_at = 0.0
        self._lock = threading.Lock()

    @abstractmethod
    def _wrap(self, name: str, plugin: Any) -> LoadedT:
        """Return the loaded plugin; raise TypeError if it does not implement the contract."""

    @abstractmethod
    def _unavailable(self, name: str, reason: str) -> PluginUnavailable:
        """Return the error that says why a plugin cannot be used."""

    def installed(self) -> list[InstalledPlugin]:
        """Return the installed plugins in the order of their types, without importing any."""
        with self._lock:
            found = self._offers()
        return [
            self._described(offer, self._known_problem(name, offers))
            for name, offers in sorted(found.items())
            for offer in offers
        ]

    def problems(self, needed: Iterable[str] = ()) -> dict[str, str]:
        """Return why plugins cannot be used, by type, as far as known; waits for no plugin that is being loaded.

        :param needed: types that must be installed.
        """
        offered = self._installed.scan().offers
        types = {*offered, *(self.renamed.get(name, name) for name in needed)}
        found = {name: self._known_problem(name, offered.get(name, ())) for name in sorted(types)}
        return {name: problem for name, problem in found.items() if problem}

    def faults(self) -> Sequence[str]:
        """Return what is wrong with the metadata of distributions, with what to do."""
        return self._installed.scan().faults

    def examined(self) -> list[InstalledPlugin]:
        """Load every installed plugin and return all of them with their problems."""
        for name in list(self._installed.scan().offers):
            try:
                self._get(name)
            except PluginUnavailable as unavailable:
                _logger.debug("%s %s: %s", self.noun.capitalize(), name, unavailable.reason)
        return self.installed()

    def knows(self, plugin_type: str) -> bool:
        """Return whether a listener or source of this type may be registered: exactly one distribution offers it."""
        offers = self._installed.scan().offers.get(plugin_type, ())
        return bool(offers) and self._refusal(plugin_type, offers) is None

    def loaded(self, plugin_type: str) -> LoadedT | None:
        """Return a plugin if it was loaded already."""
        return self._loaded.get(plugin_type)

    def get(self, plugin_type: str) -> LoadedT:
        """Return a plugin, loading it on first use.

        :raises PluginUnavailable: it is not installed, cannot be loaded, or two distributions offer it.
        """
        return self._get(self.renamed.get(plugin_type, plugin_type))

    def close(self) -> None:
        """Close every loaded plugin."""
        with self._lock:
            loaded = [*self._loaded.values(), *self._removed.values()]
            self._loaded, self._removed = {}, {}
        for plugin in loaded:
            try:
                plugin.close()
            except PluginUnavailable as failure:
                _logger.error("%s", failure)

    def _get(self, name: str) -> LoadedT:
        with self._lock:
            if self._loaded and self._monotonic() >= self._look_at:
                self._offers()
            if name not in self._loaded:
                self._loaded[name] = self._load(name, self._offers().get(name, ()))
            return self._loaded[name]

    def _offers(self) -> Mapping[str, Sequence[Offer]]:
        """Return what is installed, after a look at what became of the loaded plugins; call it with the lock."""
        offers = self._installed.scan().offers
        self._look_at = self._monotonic() + LOOK_SECONDS
        for name in list(self._loaded):
            offered = offers.get(name, ())
            if all(offer.problem for offer in offered):
                self._removed[name] = self._loaded.pop(name)
                noun = self.noun.capitalize()
                _logger.error("%s %s was uninstalled: what needs it fails until it is installed again", noun, name)
            elif len(offered) == 1:
                self._compare(name, offered[0])
        return offers

    def _compare(self, name: str, offer: Offer) -> None:
        """Report that another version is installed than the one that was imported, once for each."""
        version = self._versions[name]
        if version.installed != offer.version:
            self._versions[name] = _Version(version.imported, offer.version)
            if offer.version != version.imported:
                _logger.warning("%s", self._outdated(name))

    def _outdated(self, name: str) -> str | None:
        version = self._versions.get(name)
        if version is None or version.imported == version.installed:
            return None
        return (
            f"Version {version.installed} of the {self.noun} {name} is installed, and version {version.imported} is in "
            "use until the service is restarted."
        )

    def _load(self, name: str, offers: Sequence[Offer]) -> LoadedT:
        if not offers:
            raise self._unavailable(name, not_installed(self.noun, name))
        refusal = self._refusal(name, offers)
        if refusal:
            raise self._unavailable(name, refusal)
        offer = next(offer for offer in offers if not offer.problem)
        if name in self._removed:
            _logger.info("%s %s is installed again", self.noun.capitalize(), name)
            self._compare(name, offer)
            return self._removed.pop(name)
        self._load_problems.pop(name, None)
        try:
            loaded = _OnePlugin(offer.entry, self._wrap).load()
        except _LoadFailure as failure:
            self._load_problems[name] = str(failure)
            raise self._unavailable(name, str(failure)) from failure.__cause__
        self._versions[name] = _Version(offer.version, offer.version)
        return loaded

    def _known_problem(self, name: str, offers: Sequence[Offer]) -> str | None:
        """Return why a plugin cannot be used, as metadata shows it, or as was found when it was last used."""
        if not offers:
            return f"{not_installed(self.noun, name)} Install its plugin, or delete what needs it."
        if refusal := self._refusal(name, offers):
            return refusal
        loaded = self._loaded.get(name)
        return self._load_problems.get(name) if loaded is None else loaded.problem

    def _refusal(self, name: str, offers: Sequence[Offer]) -> str | None:
        """Return why no plugin of a type can be used, as far as metadata shows it."""
        sound = [offer for offer in offers if not offer.problem]
        if len(sound) == 1:
            return None
        if not sound:
            return offers[0].problem
        offered = " and ".join(sorted(f"{offer.distribution} ({offer.entry.value})" for offer in sound))
        return f"{self.noun.capitalize()} {name!r} is offered by {offered}; uninstall all but one."

    def _described(self, offer: Offer, problem: str | None) -> InstalledPlugin:
        name = offer.entry.name
        warnings = (offer.warning, self._outdated(name))
        return InstalledPlugin(
            name,
            offer.distribution,
            offer.version,
            offer.entry.value,
            offer.problem or problem,
            " ".join(filter(None, warnings)) or None,
        )


class _Version(NamedTuple):
    """Versions of a plugin's distribution: the one whose modules were imported, and the one that was seen last."""

    imported: str
    installed: str


class NotifierRegistry(PluginRegistry[LoadedNotifier]):
    """The notifiers.

    One whose settings are wrong is logged when it is loaded. It is given out all the same, and sends nothing.

    :param settings: gives a notifier its validated section of the configuration file.
    """

    noun = "notifier"
    renamed = _RENAMED

    def __init__(
        self,
        settings: SectionReader | None = None,
        group: str = NOTIFIERS,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(group, monotonic)
        self._settings = settings

    def log_problems(self, needed: Iterable[str] = ()) -> None:
        """Load every notifier, so that what is wrong with one is logged at start and not at the first event.

        :param needed: types that must be installed.
        """
        for fault in self.faults():
            _logger.warning("%s", fault)
        for name in list(self._installed.scan().offers):
            try:
                self._get(name)
            except NotifierUnavailable as unavailable:
                _log_unusable(name, unavailable.reason)
        for name, problem in self.problems(needed).items():
            if not self._installed.scan().offers.get(name):
                _log_unusable(name, problem)

    def _wrap(self, name: str, plugin: Any) -> LoadedNotifier:
        try:
            return LoadedNotifier(name, plugin, self._settings)
        except InvalidSetting as invalid:
            misconfigured = MisconfiguredNotifier(name, plugin, invalid)
        _log_unusable(name, misconfigured.problem)
        return misconfigured

    def _unavailable(self, name: str, reason: str) -> NotifierUnavailable:
        return NotifierUnavailable(name, reason)


def _log_unusable(name: str, problem: str | None) -> None:
    _logger.error("Notifier %s cannot be used: %s", name, problem)


class SourceTypeRegistry(PluginRegistry[LoadedSourceType]):
    """The source types."""

    noun = "source type"

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
        except KeyboardInterrupt:
            raise
        except BaseException as failure:  # noqa: BLE001  stevedore catches only some, and a plugin may raise anything
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
        what = "" if self._failure is None else described_error(self._failure)
        return f"{_distribution(self._entry)} ({self._entry.value}) cannot be loaded: {what}"


def _distribution(entry: EntryPoint) -> str:
    return entry.dist.name if entry.dist else "an unknown distribution"
