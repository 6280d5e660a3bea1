"""Lists the installed notifiers and source types."""

from typing import Annotated, Any, Protocol

from fastapi import Query
from pydantic import BaseModel, Field
from pydantic.errors import PydanticUserError
from starlette.requests import Request

from ...plugin_host import InstalledPlugin
from ...records import Operation
from ..paths import OWN
from ..routes import Handler, Routes
from .pages import Page, Paging
from .style import INVALID


class LoadedPlugin(Protocol):
    """A plugin whose options can be described."""

    problem: str | None

    def schema(self) -> dict[str, Any]: ...


class PluginRegistry(Protocol):
    """The plugins of one kind (:class:`pulp_notifiers.plugin_host.registry.PluginRegistry`)."""

    def examined(self) -> list[InstalledPlugin]: ...
    def loaded(self, plugin_type: str) -> LoadedPlugin | None: ...


class PluginDocument(BaseModel):
    """A notifier or source type of an installed distribution."""

    type: Annotated[str, Field(description="The name by which listeners or sources refer to it.")]
    distribution: str
    version: str
    origin: Annotated[str, Field(description="The object that the distribution's entry point names.")]
    config_schema: Annotated[
        dict[str, Any] | None,
        Field(serialization_alias="schema", description="JSON Schema of its options; null if it cannot be loaded."),
    ]
    problem: Annotated[str | None, Field(description="Why it cannot be used; null if it can.")]
    warning: Annotated[str | None, Field(description="What to fix although it can be used, or null.")]


class PluginsV3:
    """The route that lists the plugins of one kind.

    :param collection: the last part of the path.
    :param noun: the kind of plugins, in the plural.
    """

    def __init__(self, plugins: PluginRegistry, collection: str, noun: str) -> None:
        self._plugins = plugins
        self._collection = collection
        self._noun = noun

    def add_to(self, routes: Routes) -> None:
        """Add the routes."""
        description = {
            "name": f"{self._collection.replace('-', '_')}_list",
            "summary": f"List installed {self._noun}",
            "responses": INVALID,
        }
        routes.add(f"{OWN}{self._collection}/", Handler(Operation.READ, self._list, description))

    def _list(self, request: Request, paging: Annotated[Paging, Query()]) -> Page[PluginDocument]:
        found = self._plugins.examined()
        return Page[PluginDocument].of(request, paging, len(found), map(self._document, paging.cut(found)))

    def _document(self, plugin: InstalledPlugin) -> PluginDocument:
        schema, problem = self._schema(plugin)
        return PluginDocument(
            type=plugin.type,
            distribution=plugin.distribution,
            version=plugin.version,
            origin=plugin.origin,
            config_schema=schema,
            problem=problem,
            warning=plugin.warning,
        )

    def _schema(self, plugin: InstalledPlugin) -> tuple[dict[str, Any] | None, str | None]:
        loaded = self._plugins.loaded(plugin.type)
        # One that was loaded has its options, even if its settings are wrong.
        if loaded is None or plugin.problem not in (None, loaded.problem):
            return None, plugin.problem or "It was uninstalled a moment ago."
        try:
            return loaded.schema(), plugin.problem
        except PydanticUserError as error:
            return None, f"Its options cannot be described as JSON Schema: {error.message}"
