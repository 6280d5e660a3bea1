"""Which notifiers are installed."""

from typing import Annotated, Any

from fastapi import Query
from pydantic import BaseModel, Field
from pydantic.errors import PydanticUserError
from starlette.requests import Request

from ...errors import NotifierUnavailable
from ...records import Operation
from ...registry import InstalledPlugin, Registry
from ..paths import OWN
from .pages import Page, Paging, next_page, previous_page
from .routes import INVALID, Routes


class NotifierDocument(BaseModel):
    """A notifier type that some distribution offers."""

    type: Annotated[str, Field(description="What listeners name.")]
    distribution: str
    version: str
    origin: Annotated[str, Field(description="What the distribution's entry point names.")]
    config_schema: Annotated[
        dict[str, Any] | None,
        Field(
            serialization_alias="schema", description="JSON Schema of a listener's config; null if it has a problem."
        ),
    ]
    problem: Annotated[str | None, Field(description="Why it cannot be used.")]


class NotifiersV3:
    """The route ``notifiers/``."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def add_to(self, routes: Routes) -> None:
        """Add the routes."""
        routes.add(
            f"{OWN}notifiers/",
            Operation.READ,
            self._list,
            name="notifiers_list",
            summary="List installed notifiers",
            responses=INVALID,
        )

    def _list(self, request: Request, paging: Annotated[Paging, Query()]) -> Page[NotifierDocument]:
        found = self._registry.examined()
        shown = found[paging.offset : paging.offset + paging.limit]
        return Page[NotifierDocument](
            count=len(found),
            next=next_page(request, paging, len(found)),
            previous=previous_page(request, paging),
            results=[self._document(notifier) for notifier in shown],
        )

    def _document(self, notifier: InstalledPlugin) -> NotifierDocument:
        schema, problem = (None, notifier.problem) if notifier.problem else self._schema(notifier.type)
        return NotifierDocument(
            type=notifier.type,
            distribution=notifier.distribution,
            version=notifier.version,
            origin=notifier.origin,
            config_schema=schema,
            problem=problem,
        )

    def _schema(self, notifier_type: str) -> tuple[dict[str, Any] | None, str | None]:
        try:
            return self._registry.get(notifier_type).schema(), None
        except NotifierUnavailable as unavailable:  # uninstalled since it was listed
            return None, unavailable.reason
        except PydanticUserError as error:
            return None, f"Its options cannot be described as JSON Schema: {error.message}"
