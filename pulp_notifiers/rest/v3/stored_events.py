"""Lists stored events, and shows one with its deliveries and why listeners got it or did not."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request

from ...access import resource_of
from ...delivery import Deliveries
from ...dispatch import Decision, DecisionReason, Events, Explanation
from ...encoding import portable
from ...errors import NoSuchListener
from ...event import Event
from ...listeners import OwnListeners
from ...options import mask_urls
from ...records import Delivery, DeliveryFilter, DeliveryState, Listener, Lookup, Operation, StoredEvent
from ..http.errors import InvalidFields, NotFound
from ..paths import OWN
from ..routes import Handler, Routes
from .bodies import Body, accepts, parsed
from .fields import ListenerReference
from .filters import ListQuery, Text, Time, filterable
from .further_permissions import FurtherPermissions
from .new_event import NewEvent
from .pages import Page, Paging
from .style import INVALID, refusal

_COLLECTION = f"{OWN}events/"
_DELIVERIES = f"{OWN}deliveries/"
_LISTENERS = f"{OWN}listeners/"
_SHOWN_AT_ONCE = 100
"""The most deliveries, and the most decisions, in the document of one event; the lists have all of them."""


@filterable(
    Text("id", lookups=(Lookup.EXACT, Lookup.IN, Lookup.STARTSWITH)),
    Text("event_type", "type"),
    Text("repo_id", nullable=True),
    Text("server", nullable=True),
    Text("domain", nullable=True),
    Text("result", nullable=True),
    Text("source"),
    Time("occurred_at"),
    Time("pulp_created", "stored_at"),
    ordering={"pulp_created": "stored_at", "occurred_at": "occurred_at", "event_type": "type", "repo_id": "repo_id"},
)
class EventQuery(ListQuery):
    """Query parameters that choose stored events."""


class DeliveryCounts(BaseModel):
    """How many deliveries an event has in each state."""

    pending: int
    delivered: int
    dead: int


class EventDocument(BaseModel):
    """A stored event."""

    pulp_href: str
    pulp_created: Annotated[datetime, Field(description="When it was stored.")]
    id: Annotated[UUID, Field(description="The same in every delivery of the event.")]
    event_type: str
    occurred_at: datetime
    source: Annotated[str, Field(description="Where it came from.")]
    repo_id: Annotated[str | None, Field(description="Of the payload, up to 512 bytes.")]
    server: Annotated[str | None, Field(description="Of the payload, up to 255 bytes.")]
    domain: Annotated[str | None, Field(description="Of the payload, up to 255 bytes.")]
    result: Annotated[str | None, Field(description="Of the payload, up to 64 bytes.")]
    delivery_counts: DeliveryCounts


class DeliverySummary(BaseModel):
    """A delivery of an event."""

    pulp_href: str
    listener: Annotated[str, Field(description="The listener's id.")]
    notifier_type: str
    target: Annotated[str, Field(description="One of the listener's targets; empty if it has only one.")]
    state: DeliveryState
    attempt_count: int
    last_error: str | None


class DecisionDocument(BaseModel):
    """Whether a listener got an event, or would get it, and why."""

    listener: Annotated[str, Field(description="The listener's id.")]
    listener_name: Annotated[str | None, Field(description="Null if the listener was deleted.")]
    matched: bool
    reason: Annotated[DecisionReason, Field(description="What decided: matched, or the first reason why not.")]
    sentence: Annotated[str, Field(description="The reason in words.")]
    values: Annotated[
        dict[str, Any],
        Field(description="The names that the condition reads, with their values at the event; long ones are cut."),
    ]
    changed_after: Annotated[
        bool, Field(description="The listener was changed after the event was stored; the reason is about it as it is.")
    ]
    deliveries: Annotated[int, Field(description="Number of deliveries of the event to the listener.")]


class EventWithBody(EventDocument):
    """A stored event, what was fired, and what became of it."""

    payload: dict[str, Any]
    call_report: dict[str, Any] | None
    deliveries: Annotated[
        list[DeliverySummary],
        Field(
            description=f"The newest {_SHOWN_AT_ONCE}; the list of deliveries has all. Empty for users who may not "
            "read it."
        ),
    ]
    summary: Annotated[
        str, Field(description="How many listeners match it, in words; for users who may not read listeners, that.")
    ]
    decisions: Annotated[
        list[DecisionDocument],
        Field(
            description=f"Those that matched first; at most {_SHOWN_AT_ONCE}; explain/ has all. Empty for users who "
            "may not read listeners."
        ),
    ]


class DecisionPage(Page[DecisionDocument]):
    """Decisions about an event: the listeners that matched first, then those that nearly did."""

    summary: Annotated[str, Field(description="How many listeners match the event, and whether it is stored.")]


class ExplainQuery(Paging):
    """Query parameters that choose decisions."""

    listener: Annotated[
        ListenerReference | None, Field(description="Only about the listener with this id or name.")
    ] = None


class ImaginedEvent(NewEvent):
    """An event that is not fired."""

    model_config = ConfigDict(extra="forbid")

    listener: Annotated[
        ListenerReference | None, Field(description="Only about the listener with this id or name.")
    ] = None


class StoredEventsV3:
    """The routes below ``events/`` that read."""

    def __init__(
        self, events: Events, deliveries: Deliveries, listeners: OwnListeners, permissions: FurtherPermissions
    ) -> None:
        self._events = events
        self._deliveries = deliveries
        self._listeners = listeners
        self._permissions = permissions

    def list_handler(self) -> Handler:
        """Return the handler of ``GET events/``."""
        return Handler(Operation.READ, self._list, _LIST)

    def add_to(self, routes: Routes) -> None:
        """Add the routes of single events."""
        routes.add(f"{_COLLECTION}explain/", Handler(Operation.CREATE, self._explain_imagined, _EXPLAIN_IMAGINED))
        routes.add(f"{_COLLECTION}{{event_id}}/", Handler(Operation.READ, self._get, _READ))
        routes.add(f"{_COLLECTION}{{event_id}}/explain/", Handler(Operation.READ, self._explain, _EXPLAIN))

    def _list(self, request: Request, query: Annotated[EventQuery, Query()]) -> Page[EventDocument]:
        count, found = self._events.list(query.filters, query.orders, query.limit, query.offset)
        return Page[EventDocument].of(request, query, count, [EventDocument(**_fields(each)) for each in found])

    def _get(self, request: Request, event_id: str) -> EventWithBody:
        stored, event = self._shown(event_id)
        deliveries: Sequence[Delivery] = ()
        if self._permissions.may_read(request, _DELIVERIES):
            _, deliveries = self._deliveries.list(DeliveryFilter(event_id=stored.id), _SHOWN_AT_ONCE)
        explanation = Explanation(_NOT_EXPLAINED, ())
        if self._permissions.may_read(request, _LISTENERS):
            explanation = self._events.explain(stored, event)
        return EventWithBody(
            **_fields(stored),
            payload=portable(dict(event.payload)),
            call_report=None if event.call_report is None else portable(dict(event.call_report)),
            deliveries=list(map(_delivery, deliveries)),
            summary=explanation.sentence,
            decisions=list(map(_decision, explanation.decisions[:_SHOWN_AT_ONCE])),
        )

    def _explain(self, request: Request, event_id: str, query: Annotated[ExplainQuery, Query()]) -> DecisionPage:
        self._permissions.require_read(request, _LISTENERS)
        stored, event = self._shown(event_id)
        explanation = self._events.explain(stored, event, self._listener(query.listener))
        return _page(request, query, explanation)

    def _explain_imagined(self, request: Request, sent: Body, query: Annotated[Paging, Query()]) -> DecisionPage:
        self._permissions.require_read(request, _LISTENERS)
        new = parsed(ImaginedEvent, sent)
        event = Event(new.event_type, new.payload, new.call_report, source="rest")
        return _page(request, query, self._events.explain_unfired(event, self._listener(new.listener)))

    def _shown(self, event_id: str) -> tuple[StoredEvent, Event]:
        try:
            shown = self._events.show(str(UUID(event_id)))
        except ValueError:
            shown = None
        if shown is None:
            raise NotFound
        return shown

    def _listener(self, id_or_name: str | None) -> Listener | None:
        try:
            return None if id_or_name is None else self._listeners.find(id_or_name)
        except NoSuchListener as missing:
            raise InvalidFields({"listener": [str(missing)]}) from None


def _page(request: Request, paging: Paging, explanation: Explanation) -> DecisionPage:
    page = Page[DecisionDocument].of(
        request, paging, len(explanation.decisions), map(_decision, paging.cut(explanation.decisions))
    )
    return DecisionPage(**dict(page), summary=explanation.sentence)


def _fields(stored: StoredEvent) -> dict[str, Any]:
    return {
        "pulp_href": f"{_COLLECTION}{stored.id}/",
        "pulp_created": stored.stored_at,
        "id": stored.id,
        "event_type": stored.type,
        "occurred_at": stored.occurred_at,
        "source": stored.source,
        "repo_id": stored.repo_id,
        "server": stored.server,
        "domain": stored.domain,
        "result": stored.result,
        "delivery_counts": {state.value: stored.deliveries.get(state, 0) for state in DeliveryState},
    }


def _delivery(delivery: Delivery) -> DeliverySummary:
    return DeliverySummary(
        pulp_href=f"{OWN}deliveries/{delivery.id}/",
        listener=delivery.listener_id,
        notifier_type=delivery.notifier_type,
        target=mask_urls(delivery.target),
        state=delivery.state,
        attempt_count=delivery.attempts,
        last_error=delivery.last_error,
    )


def _decision(decision: Decision) -> DecisionDocument:
    return DecisionDocument(
        listener=decision.listener_id,
        listener_name=decision.listener_name,
        matched=decision.matched,
        reason=decision.reason,
        sentence=portable(decision.sentence),
        values=portable(dict(decision.values)),
        changed_after=decision.changed_after,
        deliveries=decision.deliveries,
    )


_NOT_EXPLAINED = (
    f"The event is stored. Which listeners match it is shown to users who may READ {resource_of(_LISTENERS)}."
)
_MISSING = refusal(404, "No event has this id.")
_LIST = {"name": "events_list", "summary": "List stored events, newest first", "responses": INVALID}
_READ = {
    "name": "events_read",
    "summary": "Show an event with its body, its deliveries, and why listeners got it or did not",
    "responses": _MISSING,
}
_EXPLAIN = {
    "name": "events_explain",
    "summary": "Explain why each listener got an event or did not",
    "responses": {**INVALID, **_MISSING},
}
_EXPLAIN_IMAGINED = accepts(
    ImaginedEvent,
    name="events_explain_imagined",
    summary="Explain which listeners would get an event, without firing it",
    responses=INVALID,
)
