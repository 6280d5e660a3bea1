"""What the rules for listeners and for sources have in common: they register configs of plugins."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar

from ..errors import PluginUnavailable
from ..event import utc_now
from ..ids import ObjectIds
from ..options import mask, unmask

RowsT = TypeVar("RowsT")
PluginsT_co = TypeVar("PluginsT_co", bound="Plugins", covariant=True)


class _KnowsSecrets(Protocol):
    def secret_options(self, config: Mapping[str, Any]) -> frozenset[str]: ...


class Plugins(Protocol):
    """Plugins by their type."""

    def get(self, plugin_type: str, /) -> _KnowsSecrets: ...


def secret_options(plugins: Plugins, plugin_type: str, config: Mapping[str, Any]) -> frozenset[str]:
    """Return which options of a config are secret; all of them if the plugin that declares them cannot be used."""
    try:
        return plugins.get(plugin_type).secret_options(config)
    except PluginUnavailable:
        return frozenset(config)


class Registrar(Generic[RowsT, PluginsT_co]):
    """Registers configs of plugins, and shows them without their secrets.

    :param rows: stores them.
    :param plugins: the types that may be registered, and which of their options are secret.
    :param reveal_secrets: show secrets in configs, as Pulp 2 did.
    :param new_id: makes ids; by default in the form of Pulp 2's.
    :param changed: called after each change.
    """

    def __init__(
        self,
        rows: RowsT,
        plugins: PluginsT_co,
        reveal_secrets: bool = False,
        new_id: Callable[[], str] | None = None,
        clock: Callable[[], datetime] = utc_now,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        self._rows = rows
        self._plugins = plugins
        self._reveal_secrets = reveal_secrets
        self._new_id = new_id or ObjectIds(clock)
        self._clock = clock
        self._changed = changed

    def _shown(self, plugin_type: str, config: Mapping[str, Any]) -> dict[str, Any]:
        """Return a config as it may be shown: secrets read ``*****`` unless they are revealed."""
        return dict(config) if self._reveal_secrets else mask(config, self._secret_options(plugin_type, config))

    def _unmasked(self, plugin_type: str, stored: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
        """Return a change of a config without the secrets that were sent back masked: they stay unchanged."""
        return unmask(patch, self._secret_options(plugin_type, {**patch, **stored}))

    def _secret_options(self, plugin_type: str, config: Mapping[str, Any]) -> frozenset[str]:
        return secret_options(self._plugins, plugin_type, config)
