"""The contract that a notifier plugin fulfils, and how the engine calls one.

A plugin is one small class::

    class Config(NotifierConfig):
        path: str

    class FileNotifier(Notifier[Config]):
        Config = Config

        def send(self, event: Event, config: Config, target: str) -> None:
            ...

named by an entry point in the group ``pulp_notifiers.notifiers``; the entry point's name is the notifier type.
Subclassing :class:`Notifier` is convenient, not required. A module with, or a function of the form of, Pulp 2's
``handle_event(notifier_config, event)`` is accepted too.
"""

import copy
import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import ModuleType
from typing import Any, ClassVar, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from .errors import InvalidConfig, NotifierUnavailable
from .event import Event
from .plugin import UNPRINTABLE, config_model, guarded, problems_of, require_parameters
from .secret_options import SECRET_NAME, declared_secrets, undeclared

ONE_TARGET = ""
"""The target of a config that has only one."""


class NotifierConfig(BaseModel):
    """Parent of config models: immutable, and unknown options are ignored, as in Pulp 2 (CONTRACT 1.4).

    Mark a secret option with :class:`pydantic.SecretStr`: it is then masked in every answer and log line.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")


ConfigT = TypeVar("ConfigT", bound=BaseModel)
ResultT = TypeVar("ResultT")


class Notifier(ABC, Generic[ConfigT]):
    """Carries events out. Built once per process without arguments, and called by several threads at once.

    :cvar Config: a pydantic model of the listener's options; its JSON Schema feeds REST, CLI and docs.
    :cvar Settings: a pydantic model of the section of the configuration file that this notifier reads, or None.
    :cvar settings_section: the name of that section.
    """

    Config: ClassVar[type[BaseModel]] = NotifierConfig
    Settings: ClassVar[type[BaseModel] | None] = None
    settings_section: ClassVar[str] = ""

    def configure(self, settings: Any) -> None:
        """Take the validated ``Settings``; called once, before anything else, and only where ``Settings`` is set."""

    def targets(self, config: ConfigT) -> Sequence[str]:
        """Return the destinations of a config; each gets its own delivery, attempts and order."""
        return (ONE_TARGET,)

    def advice(self, config: ConfigT) -> Sequence[str]:
        """Return sentences to log when a listener is registered with a valid but doubtful config."""
        return ()

    @abstractmethod
    def send(self, event: Event, config: ConfigT, target: str) -> None:
        """Carry one event to one target and return when the receiver has accepted it.

        A further keyword parameter ``attempt: int`` is passed where the signature has it; it counts from 1.

        :raises TemporaryFailure: another attempt is worth making.
        :raises PermanentFailure: no attempt can succeed.
        """

    def close(self) -> None:
        """Release pools and connections; called once, when the process ends."""


class LegacyEvent:
    """An event as Pulp 2 handed it to ``handle_event``: three attributes and ``data()``."""

    def __init__(self, event: Event) -> None:
        body = copy.deepcopy(event.body())
        self.event_type: str = body["event_type"]
        self.payload: dict[str, Any] = body["payload"]
        self.call_report: dict[str, Any] | None = body["call_report"]

    def data(self) -> dict[str, Any]:
        """Return the envelope that Pulp 2 sent."""
        return {"event_type": self.event_type, "payload": self.payload, "call_report": self.call_report}


class LegacyConfig(BaseModel):
    """Any options at all: a Pulp 2 style notifier declares none."""

    model_config = ConfigDict(frozen=True, extra="allow")


class HandleEventNotifier(Notifier[LegacyConfig]):
    """Calls a Pulp 2 style ``handle_event(notifier_config, event)``; whatever it raises is a failed attempt."""

    Config = LegacyConfig

    def __init__(self, handle_event: Callable[[dict[str, Any], LegacyEvent], object]) -> None:
        self._handle_event = handle_event

    def send(self, event: Event, config: LegacyConfig, target: str) -> None:
        """Call the function with copies, because Pulp 2's own notifiers changed their arguments."""
        self._handle_event(copy.deepcopy(config.model_dump()), LegacyEvent(event))


class LoadedNotifier:
    """A notifier as the engine calls it: by type, with stored configs, whatever form its plugin has.

    :param notifier_type: the entry point's name.
    :param plugin: what the entry point names: a class or object with the contract, or a Pulp 2 style module or
        function.
    :param settings: gives the validated section of the configuration file for a section name and its model.
    :raises TypeError: the plugin has no contract; the text says what is missing.
    """

    def __init__(
        self, notifier_type: str, plugin: Any, settings: Callable[[str, type[BaseModel]], BaseModel] | None = None
    ) -> None:
        self.type = notifier_type
        self.notifier = _as_notifier(plugin)
        self._config_model = config_model(self.notifier, "listener")
        self._wants_attempt = "attempt" in inspect.signature(self.notifier.send).parameters
        self._declared_secrets = declared_secrets(self._config_model)
        section_model = getattr(self.notifier, "Settings", None)
        if section_model is not None and settings is not None:
            self.notifier.configure(settings(self.notifier.settings_section, section_model))

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema of the listener's options."""
        return self._config_model.model_json_schema()

    def parse(self, config: Mapping[str, Any]) -> Any:
        """Return the stored options as the notifier's config model.

        :raises InvalidConfig: with every problem at once.
        :raises NotifierUnavailable: a validator fails in another way.
        """
        return self._guarded("Config", lambda: self._parsed(config))

    def targets(self, config: Any) -> tuple[str, ...]:
        """Return the targets of a parsed config, each once, in order.

        :raises InvalidConfig: there is none, or one is no plain text.
        :raises NotifierUnavailable: the notifier cannot tell them.
        """
        targets = self._guarded("targets", lambda: tuple(self._told("targets", config, default=(ONE_TARGET,))))
        if not targets:
            raise InvalidConfig(self.type, {"": "they name nobody to notify"})
        for target in targets:
            if not isinstance(target, str) or UNPRINTABLE.search(target):
                shown = ascii(target) if isinstance(target, str) else f"a value of type {type(target).__name__}"
                raise InvalidConfig(self.type, {"": f"{shown} is no target: write text without control characters"})
        return tuple(dict.fromkeys(targets))

    def advice(self, config: Any) -> tuple[str, ...]:
        """Return the notifier's remarks on a parsed config.

        :raises NotifierUnavailable: the notifier cannot tell them.
        """
        return self._guarded("advice", lambda: tuple(map(str, self._told("advice", config, default=()))))

    def send(self, event: Event, config: Any, target: str, attempt: int) -> None:
        """Make one attempt; see :meth:`Notifier.send`."""
        if self._wants_attempt:
            self.notifier.send(event, config, target, attempt=attempt)
        else:
            self.notifier.send(event, config, target)

    def close(self) -> None:
        """Release what the notifier holds.

        :raises NotifierUnavailable: the notifier cannot.
        """
        self._guarded("close", getattr(self.notifier, "close", lambda: None))

    def secret_options(self, config: Mapping[str, Any]) -> frozenset[str]:
        """Return which of the options given are secret.

        A Pulp 2 style notifier declares none, so there the names decide, also those inside of an option's value.
        """
        if isinstance(self.notifier, HandleEventNotifier):
            return frozenset(name for name, value in config.items() if _names_secret({name: value}))
        return self._declared_secrets & config.keys()

    def unknown_options(self, config: Mapping[str, Any]) -> list[str]:
        """Return which of the options given the notifier does not have."""
        return undeclared(self._config_model, config)

    def _parsed(self, config: Mapping[str, Any]) -> BaseModel:
        try:
            return self._config_model.model_validate(dict(config))
        except ValidationError as error:
            raise InvalidConfig(self.type, problems_of(error)) from None

    def _told(self, name: str, config: Any, default: Iterable[Any]) -> Iterable[Any]:
        method = getattr(self.notifier, name, None)
        told: Iterable[Any] = default if method is None else method(config)
        if isinstance(told, str | bytes):
            raise TypeError("it returned one text, not a list of texts")
        return told

    def _guarded(self, name: str, work: Callable[[], ResultT]) -> ResultT:
        return guarded(
            work, f"The {self.type} notifier's {name}", lambda reason: NotifierUnavailable(self.type, reason)
        )


def _names_secret(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(SECRET_NAME.search(str(name)) or _names_secret(inner) for name, inner in value.items())
    return isinstance(value, list | tuple) and any(map(_names_secret, value))


def _as_notifier(plugin: Any) -> Any:
    handle_event = getattr(plugin, "handle_event", None)
    if isinstance(plugin, ModuleType):
        if not callable(handle_event):
            raise TypeError(f"module {plugin.__name__} has no function handle_event(notifier_config, event)")
        return HandleEventNotifier(handle_event)
    if inspect.isroutine(plugin):
        require_parameters(plugin, 2, "handle_event(notifier_config, event)")
        return HandleEventNotifier(plugin)
    if not callable(getattr(plugin, "send", None)):
        raise TypeError(f"{plugin!r} has neither send(event, config, target) nor handle_event(notifier_config, event)")
    notifier: Any = plugin() if inspect.isclass(plugin) else plugin
    require_parameters(notifier.send, 3, "send(event, config, target)")
    return notifier
