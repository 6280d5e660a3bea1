"""Shows the catalogue of event types."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, Field
from starlette.requests import Request

from ...event_types import EventType, Sample, UnknownEventType, event_type, known_types
from ...records import Operation, select
from ..http.errors import NotFound
from ..paths import OWN
from ..routes import Handler, Routes
from .filters import ListQuery, Text, filterable
from .pages import Page
from .style import INVALID, refusal

_COLLECTION = f"{OWN}event-types/"


class SampleDocument(BaseModel):
    """A recorded event."""

    name: Annotated[str, Field(description="Unique among the samples of the type.", examples=["pulp3-failed-404"])]
    description: Annotated[str, Field(description="What is special about it.")]
    id: UUID
    occurred_at: datetime
    source: str
    body: Annotated[dict[str, Any], Field(description="What a receiver gets: event_type, payload and call_report.")]

    @classmethod
    def of(cls, sample: Sample) -> "SampleDocument":
        """Return the document of a sample."""
        event = sample.event
        return cls(
            name=sample.name,
            description=sample.description,
            id=event.id,
            occurred_at=event.occurred_at,
            source=event.source,
            body=event.body(),
        )


class EventTypeDocument(BaseModel):
    """An event type that the service's own sources fire. Programs may fire events of any other type."""

    pulp_href: str
    name: Annotated[str, Field(examples=["repo.sync.finish"])]
    description: Annotated[str, Field(description="When it is fired.")]
    body_schema: Annotated[
        Mapping[str, Any],
        Field(
            serialization_alias="schema",
            description="JSON Schema of the body that receivers get. Conditions and templates may use the names in it; "
            "keys below additionalProperties are data.",
        ),
    ]
    samples: Annotated[list[SampleDocument], Field(description="Recorded events, the most common one first.")]

    @classmethod
    def of(cls, known: EventType) -> "EventTypeDocument":
        """Return the document of an event type."""
        return cls(
            pulp_href=f"{_COLLECTION}{known.name}/",
            name=known.name,
            description=known.description,
            body_schema=known.schema,
            samples=[SampleDocument.of(sample) for sample in known.samples],
        )


@filterable(Text("name"), ordering=("name",))
class EventTypeQuery(ListQuery):
    """Query parameters that choose event types."""


class EventTypesV3:
    """The routes below ``event-types/``."""

    def add_to(self, routes: Routes) -> None:
        """Add the routes."""
        routes.add(_COLLECTION, Handler(Operation.READ, self._list, _LIST))
        routes.add(f"{_COLLECTION}{{name}}/", Handler(Operation.READ, self._get, _READ))

    def _list(self, request: Request, query: Annotated[EventTypeQuery, Query()]) -> Page[EventTypeDocument]:
        found = select(known_types(), query.filters, query.orders)
        return Page[EventTypeDocument].of(request, query, len(found), map(EventTypeDocument.of, query.cut(found)))

    def _get(self, name: str) -> EventTypeDocument:
        try:
            return EventTypeDocument.of(event_type(name))
        except UnknownEventType:
            raise NotFound from None


_LIST = {"name": "event_types_list", "summary": "List event types", "responses": INVALID}
_READ = {
    "name": "event_types_read",
    "summary": "Show an event type with its schema and samples",
    "responses": refusal(404, "The catalogue has no event type with this name."),
}
