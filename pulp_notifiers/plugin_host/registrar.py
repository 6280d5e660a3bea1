"""What the rules for listeners and for sources have in common: they register configs of plugins."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar

from ..errors import PluginUnavailable
from ..event import utc_now
from ..ids import ObjectIds
from ..options import DestinationOption, Merged, guessed_destinations, mask, merge_safely

RowsT = TypeVar("RowsT")
PluginsT_co = TypeVar("PluginsT_co", bound="Plugins", covariant=True)


class _KnowsSecrets(Protocol):
    def secret_options(self, config: Mapping[str, Any]) -> frozenset[str]: ...
    def destinations(self, *configs: Mapping[str, Any]) -> tuple[DestinationOption, ...]: ...


class Plugins(Protocol):
    """Plugins by their type."""

    def get(self, plugin_type: str, /) -> _KnowsSecrets: ...


def secret_options(plugins: Plugins, plugin_type: str, config: Mapping[str, Any]) -> frozenset[str]:
    """Return which options of a config are secret; all of them if the plugin that declares them cannot be used."""
    try:
        return plugins.get(plugin_type).secret_options(config)
    except PluginUnavailable:
        return frozenset(config)


def all_problems(problems: Mapping[str, list[str]], found: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """Return the problems that the rules find, and those that a caller found before.

    A field that the caller found wrong has a stand-in, so what the rules say of it or of a part of it does not count.
    """
    return {**{name: each for name, each in problems.items() if name.partition(".")[0] not in found}, **found}


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

    def _shown(self, plugin_type: str, config: Mapping[str, Any], show_urls: bool = False) -> dict[str, Any]:
        """Return a config as it may be shown: with ``*****`` for secrets unless they are revealed.

        :param show_urls: leave credentials in URLs as they are.
        """
        if self._reveal_secrets:
            return dict(config)
        return mask(config, self._secret_options(plugin_type, config), show_urls)

    def _merged(
        self, plugin_type: str, stored: Mapping[str, Any], patch: Mapping[str, Any], keep_secrets: bool = False
    ) -> Merged:
        """Return a config after an update.

        Secrets that were sent back masked stay unchanged, unless the update sends them elsewhere.

        :param keep_secrets: keep them wherever they go.
        """
        secrets = self._secret_options(plugin_type, {**patch, **stored})
        destinations = () if keep_secrets else self._destinations(plugin_type, stored, patch)
        return merge_safely(stored, patch, secrets, destinations)

    def _destinations(self, plugin_type: str, *configs: Mapping[str, Any]) -> tuple[DestinationOption, ...]:
        try:
            return self._plugins.get(plugin_type).destinations(*configs)
        except PluginUnavailable:
            return guessed_destinations(*configs)

    def _secret_options(self, plugin_type: str, config: Mapping[str, Any]) -> frozenset[str]:
        return secret_options(self._plugins, plugin_type, config)
