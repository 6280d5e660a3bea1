"""What loaded notifiers and source types have in common: options, and calls that may fail in any way."""

import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, TypeVar

from pydantic import BaseModel

from ..errors import PluginUnavailable
from ..options import DestinationOption, config_model, declared_destinations, declared_secrets, undeclared
from .calls import guarded

ResultT = TypeVar("ResultT")


class LoadedPlugin(ABC):
    """A plugin as the engine calls it.

    :cvar noun: what the plugin is, for people.
    :ivar problem: why it cannot do its work although it was loaded; None if it can.
    :param plugin_type: the entry point's name.
    :param plugin: the object that implements the contract.
    :param owner: what has the options that ``Config`` describes, for people.
    :raises TypeError: the plugin has no ``Config``.
    """

    noun: ClassVar[str]
    problem: str | None = None

    def __init__(self, plugin_type: str, plugin: Any, owner: str) -> None:
        self.type = plugin_type
        self._plugin = plugin
        self._config_model: type[BaseModel] = config_model(plugin, owner)
        self._declared_secrets = declared_secrets(self._config_model)
        self._destinations = declared_destinations(self._config_model)

    @abstractmethod
    def _unavailable(self, reason: str) -> PluginUnavailable:
        """Return the error that says why the plugin cannot be used."""

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema of the plugin's options."""
        return self._config_model.model_json_schema()

    def secret_options(self, config: Mapping[str, Any]) -> frozenset[str]:
        """Return which of the given options are secret."""
        return self._declared_secrets & config.keys()

    def destinations(self, *_configs: Mapping[str, Any]) -> tuple[DestinationOption, ...]:
        """Return which options of these configs decide where secrets are sent."""
        return self._destinations

    def unknown_options(self, config: Mapping[str, Any]) -> list[str]:
        """Return which of the given options the plugin does not declare."""
        return undeclared(self._config_model, config)

    def close(self) -> None:
        """Release the plugin's pools and connections.

        :raises PluginUnavailable: the plugin raises.
        """
        self._guarded("close", getattr(self._plugin, "close", lambda: None))

    def _guarded(self, name: str, work: Callable[[], ResultT]) -> ResultT:
        return guarded(work, f"The {self.type} {self.noun}'s {name}", self._unavailable)


def built(plugin: Any) -> Any:
    """Return the object that an entry point names; a class is instantiated without arguments."""
    return plugin() if inspect.isclass(plugin) else plugin
