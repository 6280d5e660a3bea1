"""Firing events over HTTP."""

from typing import Annotated, Any
from uuid import UUID, uuid4

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from ...app import App
from ...event import MAX_TYPE_LENGTH, Event, is_event_type
from ...records import Operation
from ..http import body
from ..http.refusals import InvalidFields
from ..paths import OWN
from .fields import Portable, validated
from .routes import INVALID, Detail, Routes

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
        routes.add(
            f"{OWN}events/",
            Operation.CREATE,
            self._create,
            name="events_create",
            summary="Fire an event",
            status_code=202,
            response_description="The event is on disk and will be delivered.",
            responses={**INVALID, 413: {"model": Detail, "description": "The body is too large."}},
            openapi_extra=_DOCUMENTED,
        )

    async def _create(self, request: Request) -> FiredEvent:
        sent = await body.read(request, self._app.own.max_body_bytes)
        return await run_in_threadpool(self._fire, sent, request.headers.get(EVENT_ID_HEADER))

    def _fire(self, sent: bytes, event_id: str | None) -> FiredEvent:
        new = validated(NewEvent, body.parse_object(sent))
        event = Event(new.event_type, new.payload, new.call_report, id=_event_id(event_id), source="rest")
        return FiredEvent(id=event.id, deliveries=self._app.fire(event))


def _event_id(text: str | None) -> UUID:
    try:
        return uuid4() if text is None else UUID(text)
    except ValueError:
        raise InvalidFields({EVENT_ID_HEADER: ["Must be a valid UUID."]}) from None


_DOCUMENTED = {
    "parameters": [
        {
            "name": EVENT_ID_HEADER,
            "in": "header",
            "description": "Id of the event. An id that was fired before adds nothing, so repeats are harmless.",
            "schema": {"type": "string", "format": "uuid"},
        }
    ],
    "requestBody": {"required": True, "content": {"application/json": {"schema": NewEvent.model_json_schema()}}},
}
