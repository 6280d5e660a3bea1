"""Firing events over HTTP."""

from typing import Annotated, Any
from uuid import UUID, uuid4

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from starlette.requests import Request

from ...app import App
from ...event import MAX_TYPE_LENGTH, Event, is_event_type
from ...records import Operation
from ..http.refusals import InvalidFields
from ..paths import OWN
from .bodies import Body, parsed, takes
from .fields import Portable
from .routes import Routes, Served

EVENT_ID_HEADER = "Pulp-Event-Id"
"""Carries the event's id, as the http notifier of another installation sends it."""


def _event_type(value: str) -> str:
    if not is_event_type(value):
        raise ValueError(
            f"Write words of letters, digits, _ and -, joined by dots, at most {MAX_TYPE_LENGTH} characters."
        )
    return value


class NewEvent(BaseModel):
    """An event to fire; the object that Pulp 2's http notifier posts."""

    model_config = ConfigDict(extra="forbid")

    event_type: Annotated[
        str,
        Field(description="Dotted name.", examples=["repo.sync.finish"], max_length=MAX_TYPE_LENGTH),
        AfterValidator(_event_type),
    ]
    payload: Annotated[
        dict[str, Any],
        Field(description="Facts of that type.", examples=[{"repo_id": "zoo"}]),
        Portable,
    ]
    call_report: Annotated[
        dict[str, Any] | None, Field(description="State of the task, as Pulp 2 reported it."), Portable
    ] = None


class FiredEvent(BaseModel):
    """An event that was taken."""

    id: Annotated[UUID, Field(description="The same in every delivery of the event.")]
    deliveries: Annotated[int, Field(description="How many targets it is owed to.")]


class EventsV3:
    """The route ``events/``."""

    def __init__(self, app: App) -> None:
        self._app = app

    def add_to(self, routes: Routes) -> None:
        """Add the routes."""
        routes.add_several(f"{OWN}events/", Served(Operation.CREATE, self._create, _FIRING))

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


_FIRING = takes(
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
                "description": "Id of the event. An id that was fired before adds nothing, so repeats are harmless.",
                "schema": {"type": "string", "format": "uuid"},
            }
        ]
    },
)
