"""A notifier as the engine calls it."""

import inspect
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from types import ModuleType
from typing import Any

from pydantic import BaseModel, ValidationError

from ..errors import InvalidConfig, InvalidSetting, NotifierMisconfigured, NotifierUnavailable
from ..event import Event
from ..notifier import ONE_TARGET, PackagedTemplate, PartForm, SendContext
from ..options import SECRET_NAME, DestinationOption, guessed_destinations, problems_of
from .calls import UNPRINTABLE, further_arguments, require_parameters
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
        self._further = further_arguments(self.notifier.send)
        self._packaged: dict[str, PackagedTemplate] | None = None
        section_model = getattr(self.notifier, "Settings", None)
        if section_model is not None and settings is not None:
            self.notifier.configure(settings(self.notifier.settings_section, section_model))

    @property
    def initial_config(self) -> dict[str, Any]:
        """Options that a listener of the product's own API gets if it is created without them."""
        return dict(getattr(self.notifier, "initial_config", {}))

    def pulp2_schema(self) -> dict[str, Any]:
        """Return the JSON Schema of the options for listeners of Pulp 2's API, which do not get the initial config.

        Required is what an empty config lacks, and the defaults are those of ``Config``.

        :raises NotifierUnavailable: a validator fails in another way.
        """
        schema = self.schema()
        try:
            self.parse({})
        except InvalidConfig as invalid:
            schema["required"] = [name for name in schema.get("properties", {}) if name in invalid.problems]
        for name in self.initial_config.keys() & self._config_model.model_fields.keys():
            schema["properties"][name]["default"] = self._config_model.model_fields[name].default
        return schema

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

    @property
    def takes_context(self) -> bool:
        """Whether ``send`` gets a context, so that the notifier can have templates."""
        return "context" in self._further

    def template_parts(self) -> dict[str, PartForm]:
        """Return the parts that a template may have, each with its form; none if ``send`` cannot get what is rendered.

        :raises NotifierUnavailable: the notifier declares them wrongly.
        """
        declared = getattr(self.notifier, "template_parts", {}) if self.takes_context else {}
        return self._guarded(
            "template_parts", lambda: {str(name): PartForm(form) for name, form in dict(declared).items()}
        )

    def packaged_templates(self) -> dict[str, PackagedTemplate]:
        """Return the notifier's own templates by name.

        :raises NotifierUnavailable: the notifier fails to return them.
        """
        if self._packaged is None:
            method = getattr(self.notifier, "packaged_templates", None)
            work = dict if method is None or not self.takes_context else lambda: dict(method())
            self._packaged = self._guarded("packaged_templates", work)
        return self._packaged

    def default_template(self, config: Any) -> str | None:
        """Return the name of the template for listeners that choose none, if there is one.

        :raises NotifierUnavailable: the notifier fails to name it.
        """
        method = getattr(self.notifier, "default_template", None)
        if method is None or not self.takes_context:
            return None
        return self._guarded("default_template", lambda: None if (name := method(config)) is None else str(name))

    def template_problems(self, parts: Mapping[str, Any]) -> dict[str, str]:
        """Return what is wrong with the parts of a template, by part.

        :raises NotifierUnavailable: the notifier fails to say it.
        """
        return self._guarded("template_problems", lambda: self._mapped("template_problems", parts))

    def rendered_problem(self, rendered: Mapping[str, Any]) -> str | None:
        """Return why rendered parts cannot be sent; None if they can.

        :raises NotifierUnavailable: the notifier fails to say it.
        """
        method = getattr(self.notifier, "rendered_problem", None)
        if method is None:
            return None
        return self._guarded("rendered_problem", lambda: None if (said := method(rendered)) is None else str(said))

    def send(self, event: Event, config: Any, target: str, attempt: int, context: SendContext | None = None) -> None:
        """Make one attempt; see :meth:`pulp_notifiers.notifier.Notifier.send`.

        :param context: by default, one that knows only the number of the attempt.
        """
        further: dict[str, Any] = {}
        if "attempt" in self._further:
            further["attempt"] = attempt
        if "context" in self._further:
            further["context"] = context or SendContext(attempt=attempt)
        self.notifier.send(event, config, target, **further)

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

    def send(self, event: Event, config: Any, target: str, attempt: int, context: SendContext | None = None) -> None:
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
