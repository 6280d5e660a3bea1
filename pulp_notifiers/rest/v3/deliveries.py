"""Lists deliveries and shows their attempts."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, Field
from starlette.requests import Request

from ...delivery import Deliveries
from ...errors import NoSuchListener
from ...listeners import OwnListeners
from ...options import mask_urls
from ...records import Attempt, Delivery, DeliveryFilter, DeliveryState, Lookup, Operation, is_listener_id
from ..http.errors import InvalidFields, NotFound
from ..paths import OWN
from ..routes import Handler, Routes
from .fields import EventType, ListenerReference
from .filters import Choice, ListQuery, Text, Time, filterable
from .pages import Page
from .style import INVALID, refusal

_COLLECTION = f"{OWN}deliveries/"
_MAX_ID = 2**63 - 1


class StateFilter(StrEnum):
    """The states of deliveries, and a part of those that are pending."""

    PENDING = "pending"
    FAILED = "failed"
    DELIVERED = "delivered"
    DEAD = "dead"


@filterable(
    Choice("state", DeliveryState, lookups=(Lookup.NE, Lookup.IN)),
    Text("event_type", lookups=(Lookup.NE, Lookup.IN, Lookup.CONTAINS, Lookup.STARTSWITH)),
    Text("notifier_type", lookups=(Lookup.EXACT, Lookup.NE, Lookup.IN)),
    Text("last_error", lookups=(Lookup.CONTAINS, Lookup.ICONTAINS), nullable=True),
    Time("pulp_created", "created_at"),
    Time("finished_at", nullable=True),
    ordering={
        **{name: name for name in ("state", "event_type", "notifier_type", "finished_at")},
        "pulp_created": "created_at",
        "attempt_count": "attempts",
    },
)
class DeliveryQuery(ListQuery):
    """Query parameters that choose deliveries."""

    state: Annotated[
        StateFilter | None,
        Field(description="Only those in this state; failed means pending after an attempt that failed."),
    ] = None
    listener: Annotated[
        ListenerReference | None, Field(description="Only those of the listener with this id or name.")
    ] = None
    event: Annotated[UUID | None, Field(description="Only those of the event with this id.")] = None
    event_type: Annotated[EventType | None, Field(description="Only those of events of this type.")] = None


class DeliveryDocument(BaseModel):
    """One event owed to one listener's target."""

    pulp_href: str
    pulp_created: datetime
    event: Annotated[UUID, Field(description="The event's id.")]
    event_type: str
    listener: Annotated[str, Field(description="The listener's id.")]
    notifier_type: str
    target: Annotated[str, Field(description="One of the listener's targets; empty if it has only one.")]
    state: DeliveryState
    attempt_count: Annotated[int, Field(description="Number of attempts so far.")]
    due_at: Annotated[datetime | None, Field(description="Earliest time of the next attempt.")]
    finished_at: Annotated[datetime | None, Field(description="When it was delivered or became a dead letter.")]
    last_error: str | None


class AttemptDocument(BaseModel):
    """One call of a notifier for a delivery."""

    number: Annotated[int, Field(description="Counts from 1.")]
    started_at: datetime
    finished_at: datetime
    error: Annotated[str | None, Field(description="Why it failed; null if it succeeded.")]


class DeliveryWithAttempts(DeliveryDocument):
    """A delivery and all its attempts."""

    attempts: list[AttemptDocument]


class DeliveriesV3:
    """The routes below ``deliveries/``."""

    def __init__(self, deliveries: Deliveries, listeners: OwnListeners) -> None:
        self._deliveries = deliveries
        self._listeners = listeners

    def add_to(self, routes: Routes) -> None:
        """Add the routes."""
        routes.add(_COLLECTION, Handler(Operation.READ, self._list, _LIST))
        routes.add(f"{_COLLECTION}{{delivery_id}}/", Handler(Operation.READ, self._get, _READ))

    def _list(self, request: Request, query: Annotated[DeliveryQuery, Query()]) -> Page[DeliveryDocument]:
        is_failed = query.state is StateFilter.FAILED
        state = StateFilter.PENDING if is_failed else query.state
        filters = DeliveryFilter(
            state=None if state is None else DeliveryState(state),
            listener_id=None if query.listener is None else self._listener_id(query.listener),
            event_id=None if query.event is None else str(query.event),
            event_type=query.event_type,
            failed=is_failed,
            further=query.filters,
        )
        count, found = self._deliveries.list(filters, query.limit, query.offset, query.orders)
        return Page[DeliveryDocument].of(request, query, count, map(_document, found))

    def _listener_id(self, id_or_name: str) -> str:
        if is_listener_id(id_or_name):
            return id_or_name.lower()  # also of one that was deleted: its deliveries are still there
        try:
            return self._listeners.find(id_or_name).id
        except NoSuchListener as missing:
            raise InvalidFields({"listener": [str(missing)]}) from None

    def _get(self, delivery_id: str) -> DeliveryWithAttempts:
        shown = self._deliveries.show(int(delivery_id)) if _is_id(delivery_id) else None
        if shown is None:
            raise NotFound
        delivery, attempts = shown
        return DeliveryWithAttempts(**_document(delivery).model_dump(), attempts=list(map(_attempt, attempts)))


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 20 and int(text) <= _MAX_ID


def _document(delivery: Delivery) -> DeliveryDocument:
    return DeliveryDocument(
        pulp_href=f"{_COLLECTION}{delivery.id}/",
        pulp_created=delivery.created_at,
        event=UUID(delivery.event_id),
        event_type=delivery.event_type,
        listener=delivery.listener_id,
        notifier_type=delivery.notifier_type,
        target=mask_urls(delivery.target),
        state=delivery.state,
        attempt_count=delivery.attempts,
        due_at=delivery.due_at,
        finished_at=delivery.finished_at,
        last_error=delivery.last_error,
    )


def _attempt(attempt: Attempt) -> AttemptDocument:
    return AttemptDocument(
        number=attempt.number,
        started_at=attempt.started_at,
        finished_at=attempt.finished_at,
        error=attempt.error,
    )


_LIST = {"name": "deliveries_list", "summary": "List deliveries, newest first", "responses": INVALID}
_READ = {
    "name": "deliveries_read",
    "summary": "Show a delivery with its attempts",
    "responses": refusal(404, "No delivery has this id."),
}
