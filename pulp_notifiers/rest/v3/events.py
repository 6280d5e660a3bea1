"""Fires events; :mod:`.stored_events` lists them."""

from typing import Annotated
from uuid import UUID, uuid4

from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from ...app import App
from ...event import Event, derived_id, is_derived
from ...records import Operation
from ..http.errors import InvalidFields
from ..paths import OWN
from ..routes import Handler, Routes
from .bodies import Body, accepts, parsed
from .further_permissions import FurtherPermissions
from .idempotency import REPEATABLE, MayRepeat
from .new_event import NewEvent
from .stored_events import StoredEventsV3
from .style import Detail

EVENT_ID_HEADER = "Pulp-Event-Id"
"""Has the event's id; the http notifier of another installation sends it too."""

ATTEMPT_HEADER = "Pulp-Delivery-Attempt"
"""The http notifier of another installation sends it."""

_FORWARDED = UUID("7b0b7c55-6f0e-4a8f-9a44-0b8b4f4f3f1a")  # never change it: repeats would be events of their own
_RESERVED = (
    "UUIDs of version 8 are the ids of task events and of the events of sources. Send one of another version, such as "
    "a random one (version 4), and the same one in each repeat."
)


class FiredEvent(BaseModel):
    """An event that was fired."""

    id: Annotated[UUID, Field(description="The same in every delivery of the event.")]
    deliveries: Annotated[int, Field(description="Number of deliveries of the event.")]


class EventsV3:
    """The routes below ``events/``."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._stored = StoredEventsV3(app.events, app.deliveries, app.listeners, FurtherPermissions(app.accounts))

    def add_to(self, routes: Routes) -> None:
        """Add the routes."""
        routes.add(f"{OWN}events/", self._stored.list_handler(), Handler(Operation.CREATE, self._create, _CREATE))
        self._stored.add_to(routes)

    def _create(self, request: Request, sent: Body, repeatable: MayRepeat) -> Response:
        given = request.headers.get(EVENT_ID_HEADER)
        with repeatable.once(sent, *([] if given is None else [given])) as creation:
            new = parsed(NewEvent, sent)
            event_id = _event_id(given, ATTEMPT_HEADER in request.headers)
            # Planned, because an event with many deliveries is not written in one transaction. Firing it again adds
            # nothing.
            event_id = UUID(creation.planned(str(event_id)))
            event = Event(new.event_type, new.payload, new.call_report, id=event_id, source="rest")
            return creation.complete(202, FiredEvent(id=event.id, deliveries=self._app.fire(event)))


def _event_id(text: str | None, forwarded: bool) -> UUID:
    try:
        event_id = uuid4() if text is None else UUID(text)
    except ValueError:
        raise InvalidFields({EVENT_ID_HEADER: ["Must be a valid UUID."]}) from None
    if not is_derived(event_id):
        return event_id
    if not forwarded:
        raise InvalidFields({EVENT_ID_HEADER: [_RESERVED]})
    # A task event of another installation. It cannot have the id of one here, and its repeats need the same id.
    return derived_id(_FORWARDED, str(event_id))


class TakenId(BaseModel):
    """Another event has the id."""

    detail: str
    digest: Annotated[str, Field(description="SHA-256 of the content of the event that has the id, in hex.")]


_CREATE = accepts(
    NewEvent,
    name="events_create",
    summary="Fire an event",
    status_code=202,
    response_model=FiredEvent,
    response_description="The event is on disk and will be delivered.",
    responses={
        **REPEATABLE,
        409: {
            "model": TakenId | Detail,
            "description": "Another event, with other content, has the id; or a request with the idempotency key is "
            "still being processed.",
        },
    },
    openapi_extra={
        "parameters": [
            {
                "name": EVENT_ID_HEADER,
                "in": "header",
                "description": "Id of the event, a UUID of any version but 8. Firing the same event again adds "
                "nothing, so a request can be repeated; an event with other content is refused.",
                "schema": {"type": "string", "format": "uuid"},
            }
        ]
    },
)
