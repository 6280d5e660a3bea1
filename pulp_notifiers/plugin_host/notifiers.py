"""A notifier as the engine calls it."""

import inspect
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from types import ModuleType
from typing import Any

from pydantic import BaseModel, ValidationError

from ..errors import InvalidConfig, InvalidSetting, NotifierMisconfigured, NotifierUnavailable
from ..event import Event
from ..notifier import ONE_TARGET
from ..options import SECRET_NAME, DestinationOption, guessed_destinations, problems_of
from .calls import UNPRINTABLE, require_parameters
from .handle_event import HandleEventNotifier
from .loaded import LoadedPlugin, built


class LoadedNotifier(LoadedPlugin):
    """A notifier, called with stored configs, whatever form its plugin has.

    :param notifier_type: the entry point's name.
    :param plugin: what the entry point names: a class or object that implements the contract, or a Pulp 2 style module
        or function.
    :param settings: returns the validated section of the configuration file for a section name and its model.
    :raises TypeError: the plugin does not implement the contract; the text says what is missing.
    :raises InvalidSetting: that section is wrong.
    """

    noun = "notifier"

    def __init__(
        self, notifier_type: str, plugin: Any, settings: Callable[[str, type[BaseModel]], BaseModel] | None = None
    ) -> None:
        self.notifier = _as_notifier(plugin)
        super().__init__(notifier_type, self.notifier, "listener")
        self._takes_attempt = "attempt" in inspect.signature(self.notifier.send).parameters
        section_model = getattr(self.notifier, "Settings", None)
        if section_model is not None and settings is not None:
            self.notifier.configure(settings(self.notifier.settings_section, section_model))

    def parse(self, config: Mapping[str, Any]) -> Any:
        """Return the stored options as the notifier's config model.

        :raises InvalidConfig: lists every problem at once.
        :raises NotifierUnavailable: a validator fails in another way.
        """
        return self._guarded("Config", lambda: self._parsed(config))

    def targets(self, config: Any) -> tuple[str, ...]:
        """Return the targets of a parsed config, each once, in order.

        :raises InvalidConfig: there is no target, or one is not plain text.
        :raises NotifierUnavailable: the notifier fails to list them.
        """
        targets = self._guarded("targets", lambda: tuple(self._listed("targets", config, default=(ONE_TARGET,))))
        if not targets:
            raise InvalidConfig(self.type, {"": "no target is set"})
        for target in targets:
            if not isinstance(target, str) or UNPRINTABLE.search(target):
                shown = ascii(target) if isinstance(target, str) else f"a value of type {type(target).__name__}"
                raise InvalidConfig(self.type, {"": f"{shown} is not a target: write text without control characters"})
        return tuple(dict.fromkeys(targets))

    def problems(self, config: Any) -> dict[str, str]:
        """Return why a listener with a parsed config would deliver nothing, by option.

        :raises NotifierUnavailable: the notifier fails to say it.
        """
        return self._guarded("problems", lambda: self._mapped("problems", config))

    def hosts(self, config: Any) -> dict[str, str]:
        """Return the hosts that a parsed config names, by option.

        :raises NotifierUnavailable: the notifier fails to list them.
        """
        return self._guarded("hosts", lambda: self._mapped("hosts", config))

    def advice(self, config: Any) -> tuple[str, ...]:
        """Return the notifier's warnings about a parsed config.

        :raises NotifierUnavailable: the notifier fails to list them.
        """
        return self._guarded("advice", lambda: tuple(map(str, self._listed("advice", config, default=()))))

    def send(self, event: Event, config: Any, target: str, attempt: int) -> None:
        """Make one attempt; see :meth:`pulp_notifiers.notifier.Notifier.send`."""
        if self._takes_attempt:
            self.notifier.send(event, config, target, attempt=attempt)
        else:
            self.notifier.send(event, config, target)

    def secret_options(self, config: Mapping[str, Any]) -> frozenset[str]:
        """Return which of the given options are secret.

        A Pulp 2 style notifier declares none, so the names decide, including those inside an option's value.
        """
        if isinstance(self.notifier, HandleEventNotifier):
            return frozenset(name for name, value in config.items() if _names_secret({name: value}))
        return super().secret_options(config)

    def destinations(self, *configs: Mapping[str, Any]) -> tuple[DestinationOption, ...]:
        """Return which options of these configs decide where secrets are sent.

        A Pulp 2 style notifier declares none, so names and values decide.
        """
        if isinstance(self.notifier, HandleEventNotifier):
            return guessed_destinations(*configs)
        return super().destinations(*configs)

    def _unavailable(self, reason: str) -> NotifierUnavailable:
        return NotifierUnavailable(self.type, reason)

    def _parsed(self, config: Mapping[str, Any]) -> BaseModel:
        try:
            return self._config_model.model_validate(dict(config))
        except ValidationError as error:
            raise InvalidConfig(self.type, problems_of(error)) from None

    def _mapped(self, name: str, config: Any) -> dict[str, str]:
        method = getattr(self.notifier, name, None)
        return {} if method is None else {str(option): str(text) for option, text in dict(method(config)).items()}

    def _listed(self, name: str, config: Any, default: Iterable[Any]) -> Iterable[Any]:
        method = getattr(self.notifier, name, None)
        listed: Iterable[Any] = default if method is None else method(config)
        if isinstance(listed, str | bytes):
            raise TypeError("it returned one string, not a list of strings")
        return listed


class MisconfiguredNotifier(LoadedNotifier):
    """A notifier whose settings are wrong: listeners can be registered, and what they are owed waits.

    :param invalid: what is wrong.
    """

    def __init__(self, notifier_type: str, plugin: Any, invalid: InvalidSetting) -> None:
        super().__init__(notifier_type, plugin)
        self._reason = self.problem = (
            f"{invalid} Correct that and restart the service; until then, deliveries of {notifier_type} listeners "
            "stay pending."
        )

    def advice(self, config: Any) -> tuple[str, ...]:
        """Return why nothing is delivered."""
        return (self._reason,)

    def send(self, event: Event, config: Any, target: str, attempt: int) -> None:
        """Send nothing.

        :raises NotifierMisconfigured: always.
        """
        raise self._unavailable("")

    def close(self) -> None:
        """Release what the plugin has, as far as it can without its settings."""
        with suppress(NotifierMisconfigured):
            super().close()

    def _unavailable(self, reason: str) -> NotifierMisconfigured:
        # Also if a method fails because the plugin was not configured.
        return NotifierMisconfigured(self.type, self._reason)


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
    notifier = built(plugin)
    require_parameters(notifier.send, 3, "send(event, config, target)")
    return notifier
