"""Which notifiers and which source types are installed."""

from typing import Annotated, Any, Protocol

from fastapi import Query
from pydantic import BaseModel, Field
from pydantic.errors import PydanticUserError
from starlette.requests import Request

from ...errors import PluginUnavailable
from ...plugin_host import InstalledPlugin
from ...records import Operation
from ..paths import OWN
from .pages import Page, Paging, next_page, previous_page
from .routes import INVALID, Routes


class _Loaded(Protocol):
    def schema(self) -> dict[str, Any]: ...


class Installed(Protocol):
    """The plugins of one kind (:class:`pulp_notifiers.plugin_host.registry.Plugins`)."""

    def examined(self) -> list[InstalledPlugin]: ...
    def get(self, plugin_type: str) -> _Loaded: ...


class PluginDocument(BaseModel):
    """A type of notifier or source that some distribution offers."""

    type: Annotated[str, Field(description="What listeners or sources name.")]
    distribution: str
    version: str
    origin: Annotated[str, Field(description="What the distribution's entry point names.")]
    config_schema: Annotated[
        dict[str, Any] | None,
        Field(serialization_alias="schema", description="JSON Schema of its config; null if it has a problem."),
    ]
    problem: Annotated[str | None, Field(description="Why it cannot be used.")]


class PluginsV3:
    """The route that lists the plugins of one kind.

    :param collection: the last part of its path.
    :param noun: what they are, in the plural.
    """

    def __init__(self, plugins: Installed, collection: str, noun: str) -> None:
        self._plugins = plugins
        self._collection = collection
        self._noun = noun

    def add_to(self, routes: Routes) -> None:
        """Add the routes."""
        routes.add(
            f"{OWN}{self._collection}/",
            Operation.READ,
            self._list,
            name=f"{self._collection.replace('-', '_')}_list",
            summary=f"List installed {self._noun}",
            responses=INVALID,
        )

    def _list(self, request: Request, paging: Annotated[Paging, Query()]) -> Page[PluginDocument]:
        found = self._plugins.examined()
        shown = found[paging.offset : paging.offset + paging.limit]
        return Page[PluginDocument](
            count=len(found),
            next=next_page(request, paging, len(found)),
            previous=previous_page(request, paging),
            results=[self._document(plugin) for plugin in shown],
        )

    def _document(self, plugin: InstalledPlugin) -> PluginDocument:
        schema, problem = (None, plugin.problem) if plugin.problem else self._schema(plugin.type)
        return PluginDocument(
            type=plugin.type,
            distribution=plugin.distribution,
            version=plugin.version,
            origin=plugin.origin,
            config_schema=schema,
            problem=problem,
        )

    def _schema(self, plugin_type: str) -> tuple[dict[str, Any] | None, str | None]:
        try:
            return self._plugins.get(plugin_type).schema(), None
        except PluginUnavailable as unavailable:  # uninstalled since it was listed
            return None, unavailable.reason
        except PydanticUserError as error:
            return None, f"Its options cannot be described as JSON Schema: {error.message}"
