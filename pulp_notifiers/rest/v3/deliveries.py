"""What became of deliveries."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query
from pydantic import AfterValidator, BaseModel, Field
from starlette.requests import Request

from ...delivery import Deliveries
from ...event import is_event_type
from ...records import Attempt, Delivery, DeliveryFilter, DeliveryState, Operation
from ..http.refusals import NoSuchThing
from ..paths import OWN
from .pages import Page, Paging, next_page, previous_page
from .routes import INVALID, Detail, Routes

_COLLECTION = f"{OWN}deliveries/"
_LARGEST_ID = 2**63 - 1


def _event_type(value: str) -> str:
    if not is_event_type(value):
        raise ValueError("Write an event type, such as repo.sync.finish.")
    return value


class DeliveryQuery(Paging):
    """Query parameters that choose deliveries."""

    state: Annotated[DeliveryState | None, Field(description="Only those that stand there.")] = None
    listener: Annotated[
        str | None, Field(description="Only those owed to the listener of this id.", pattern="^[0-9a-f]{24}$")
    ] = None
    event: Annotated[UUID | None, Field(description="Only those of the event of this id.")] = None
    event_type: Annotated[
        str | None, Field(description="Only those of events of this type."), AfterValidator(_event_type)
    ] = None


class DeliveryDocument(BaseModel):
    """One event owed to one listener's target."""

    pulp_href: str
    pulp_created: datetime
    event: Annotated[UUID, Field(description="The event's id.")]
    event_type: str
    listener: Annotated[str, Field(description="The listener's id.")]
    notifier_type: str
    target: Annotated[str, Field(description="One of the listener's targets; empty where it has only one.")]
    state: DeliveryState
    attempt_count: Annotated[int, Field(description="How often the notifier was called for it.")]
    due_at: Annotated[datetime | None, Field(description="No further attempt is made before.")]
    finished_at: Annotated[datetime | None, Field(description="When it was delivered or given up.")]
    last_error: str | None


class AttemptDocument(BaseModel):
    """One call of a notifier for a delivery."""

    number: Annotated[int, Field(description="Counts from 1.")]
    started_at: datetime
    finished_at: datetime
    error: Annotated[str | None, Field(description="Why it failed; null if it succeeded.")]


class DeliveryWithAttempts(DeliveryDocument):
    """A delivery and every attempt that was made."""

    attempts: list[AttemptDocument]


class DeliveriesV3:
    """The routes below ``deliveries/``."""

    def __init__(self, deliveries: Deliveries) -> None:
        self._deliveries = deliveries

    def add_to(self, routes: Routes) -> None:
        """Add the routes."""
        routes.add(
            _COLLECTION,
            Operation.READ,
            self._list,
            name="deliveries_list",
            summary="List deliveries, newest first",
            responses=INVALID,
        )
        routes.add(
            f"{_COLLECTION}{{delivery_id}}/",
            Operation.READ,
            self._get,
            name="deliveries_read",
            summary="Show a delivery with its attempts",
            responses={404: {"model": Detail, "description": "There is no such delivery."}},
        )

    def _list(self, request: Request, wanted: Annotated[DeliveryQuery, Query()]) -> Page[DeliveryDocument]:
        chosen = DeliveryFilter(
            state=wanted.state,
            listener_id=wanted.listener,
            event_id=None if wanted.event is None else str(wanted.event),
            event_type=wanted.event_type,
        )
        count, found = self._deliveries.list(chosen, wanted.limit, wanted.offset)
        return Page[DeliveryDocument](
            count=count,
            next=next_page(request, wanted, count),
            previous=previous_page(request, wanted),
            results=[_document(delivery) for delivery in found],
        )

    def _get(self, delivery_id: str) -> DeliveryWithAttempts:
        shown = self._deliveries.show(int(delivery_id)) if _is_id(delivery_id) else None
        if shown is None:
            raise NoSuchThing
        delivery, attempts = shown
        return DeliveryWithAttempts(**_document(delivery).model_dump(), attempts=list(map(_attempt, attempts)))


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 20 and int(text) <= _LARGEST_ID


def _document(delivery: Delivery) -> DeliveryDocument:
    return DeliveryDocument(
        pulp_href=f"{_COLLECTION}{delivery.id}/",
        pulp_created=delivery.created_at,
        event=UUID(delivery.event_id),
        event_type=delivery.event_type,
        listener=delivery.listener_id,
        notifier_type=delivery.notifier_type,
        target=delivery.target,
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
