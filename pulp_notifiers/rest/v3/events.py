"""Fires events."""

from typing import Annotated
from uuid import UUID, uuid4

from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request

from ...app import App
from ...event import MAX_TYPE_LENGTH, Event
from ...records import Operation
from ..http.errors import InvalidFields
from ..paths import OWN
from ..routes import Handler, Routes
from .bodies import Body, accepts, parsed
from .fields import EventType, PortableObject, PortableObjectOrNull

EVENT_ID_HEADER = "Pulp-Event-Id"
"""Has the event's id; the http notifier of another installation sends it too."""


class NewEvent(BaseModel):
    """An event to fire; the object that Pulp 2's http notifier posts."""

    model_config = ConfigDict(extra="forbid")

    event_type: Annotated[
        EventType, Field(description="Dotted name.", examples=["repo.sync.finish"], max_length=MAX_TYPE_LENGTH)
    ]
    payload: Annotated[PortableObject, Field(description="Facts of that type.", examples=[{"repo_id": "zoo"}])]
    call_report: Annotated[PortableObjectOrNull, Field(description="State of the task, as Pulp 2 reported it.")] = None


class FiredEvent(BaseModel):
    """An event that was fired."""

    id: Annotated[UUID, Field(description="The same in every delivery of the event.")]
    deliveries: Annotated[int, Field(description="Number of deliveries of the event.")]


class EventsV3:
    """The route ``events/``."""

    def __init__(self, app: App) -> None:
        self._app = app

    def add_to(self, routes: Routes) -> None:
        """Add the routes."""
        routes.add(f"{OWN}events/", Handler(Operation.CREATE, self._create, _CREATE))

    def _create(self, request: Request, sent: Body) -> FiredEvent:
        new = parsed(NewEvent, sent)
        event_id = _event_id(request.headers.get(EVENT_ID_HEADER))
        event = Event(new.event_type, new.payload, new.call_report, id=event_id, source="rest")
        return FiredEvent(id=event.id, deliveries=self._app.fire(event))


def _event_id(text: str | None) -> UUID:
    try:
        return uuid4() if text is None else UUID(text)
    except ValueError:
        raise InvalidFields({EVENT_ID_HEADER: ["Must be a valid UUID."]}) from None


_CREATE = accepts(
    NewEvent,
    name="events_create",
    summary="Fire an event",
    status_code=202,
    response_description="The event is on disk and will be delivered.",
    openapi_extra={
        "parameters": [
            {
                "name": EVENT_ID_HEADER,
                "in": "header",
                "description": "Id of the event. Firing the same id again adds nothing, so a request can be repeated.",
                "schema": {"type": "string", "format": "uuid"},
            }
        ]
    },
)
