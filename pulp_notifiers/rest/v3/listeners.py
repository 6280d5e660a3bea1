"""Listeners by the product's own rules: patterns, task events, single tasks, and configs that are checked."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import Query
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from ...event import MAX_TYPE_LENGTH, matches_any
from ...listeners import OwnListeners
from ...records import ErrorKind, KeptAnswer, Listener, ListenerErrors, Operation, select
from ..http.answers import dropped_secrets_header
from ..http.etags import EntityTag
from ..routes import Handler, Routes
from .bodies import Body, accepts, parsed_partly
from .filters import Flag, LabelSelect, ListQuery, Text, Time, Uuid, filterable
from .idempotency import REPEATABLE, Creation, MayRepeat
from .listener_documents import COLLECTION, STATUS, ChangedListener, ListenerChanges, ListenerDocument, NewListener
from .pages import Page
from .preconditions import CHANGED, CREATED, DELETED, READ, Demanded, tagged, unless_known
from .style import INVALID, refusal


@filterable(
    Text("name"),
    Text("notifier_type"),
    Flag("enabled"),
    Uuid("task_id", nullable=True),
    Text("template", nullable=True),
    LabelSelect(),
    Time("pulp_created", "created_at", nullable=True),
    Time("pulp_last_updated", "changed_at", nullable=True),
    ordering={
        **{name: name for name in ("name", "notifier_type", "enabled", "task_id", "template")},
        "pulp_created": "created_at",
        "pulp_last_updated": "changed_at",
    },
)
class ListenerQuery(ListQuery):
    """Query parameters that choose listeners."""

    event_type: Annotated[
        str | None, Field(description="Only those that match events of this type.", max_length=MAX_TYPE_LENGTH)
    ] = None


class ListenersV3:
    """The routes below ``listeners/``."""

    def __init__(self, listeners: OwnListeners) -> None:
        self._listeners = listeners

    def add_to(self, routes: Routes) -> None:
        """Add the routes."""
        routes.add(
            COLLECTION,
            Handler(Operation.READ, self._list, _LIST),
            Handler(Operation.CREATE, self._create, _CREATE),
        )
        routes.add(
            f"{COLLECTION}{{listener_id}}/",
            Handler(Operation.READ, self._get, _READ),
            Handler(Operation.UPDATE, self._update, _UPDATE),
            Handler(Operation.DELETE, self._delete, _DELETE),
        )

    def _list(self, request: Request, query: Annotated[ListenerQuery, Query()]) -> Page[ListenerDocument]:
        listeners = select(self._listeners.list(), query.filters, query.orders)
        found = [each for each in listeners if query.event_type is None or _listens(each, query.event_type)]
        shown = query.cut(found)
        errors = self._listeners.errors(*shown)
        documents = (self._document(listener, errors) for listener in shown)
        return Page[ListenerDocument].of(request, query, len(found), documents)

    def _get(self, request: Request, response: Response, listener_id: str) -> ListenerDocument:
        listener = self._listeners.find(listener_id)
        document = self._document(listener)
        return unless_known(request, response, document, self._tag(listener, document))

    def _create(self, sent: Body, request: MayRepeat) -> Response:
        with request.once(sent) as creation:
            new, found = parsed_partly(NewListener, sent, NewListener.STAND_INS)
            self._listeners.create(new.draft(), lambda listener: self._created(creation, listener), found)
        return creation.response

    def _created(self, creation: Creation, listener: Listener) -> KeptAnswer | None:
        document = self._document(listener, {})  # nothing has failed yet
        headers = {"Location": document.pulp_href, "ETag": str(self._tag(listener, document))}
        return creation.answered(201, document, headers)

    def _update(self, response: Response, listener_id: str, sent: Body, demanded: Demanded) -> ChangedListener:
        changes, found = parsed_partly(ListenerChanges, sent, {})
        listener = self._listeners.update(
            self._listeners.find(listener_id).id,
            changes.change(),
            lambda stored: demanded.require(self._tag(stored)),
            found,
        )
        response.headers.update(dropped_secrets_header(listener.dropped_secrets))
        document = self._document(listener)
        changed = ChangedListener(**document.model_dump(), dropped_secrets=list(listener.dropped_secrets))
        return tagged(response, changed, self._tag(listener, document))

    def _delete(self, listener_id: str, demanded: Demanded) -> None:
        self._listeners.delete(self._listeners.find(listener_id).id, lambda stored: demanded.require(self._tag(stored)))

    def _tag(self, listener: Listener, document: ListenerDocument | None = None) -> EntityTag:
        # What failed is the status, and counted without a change. With the time, because secrets are masked.
        content = self._document(listener, {}).model_dump(mode="json")
        return EntityTag.of(content, None if document is None else document.model_dump(mode="json", include=STATUS))

    def _document(
        self, listener: Listener, errors: Mapping[tuple[str, ErrorKind], ListenerErrors] | None = None
    ) -> ListenerDocument:
        found = self._listeners.errors(listener) if errors is None else errors
        return ListenerDocument.of(
            listener, self._listeners.shown_config(listener), found, self._listeners.warnings(listener)
        )


def _listens(listener: Listener, event_type: str) -> bool:
    return matches_any(listener.event_types, event_type)


_MISSING = refusal(404, "No listener has this id or name.")
_LIST = {"name": "listeners_list", "summary": "List listeners, oldest first", "responses": INVALID}
_READ = {"name": "listeners_read", "summary": "Show a listener", "responses": {**READ, **_MISSING}}
_CREATE = accepts(
    NewListener,
    name="listeners_create",
    summary="Register a listener",
    status_code=201,
    response_model=ListenerDocument,
    responses={**CREATED, **REPEATABLE},
)
_UPDATE = accepts(
    ListenerChanges, name="listeners_update", summary="Change a listener", responses={**CHANGED, **_MISSING}
)
_DELETE = {
    "name": "listeners_delete",
    "summary": "Delete a listener",
    "status_code": 204,
    "responses": {**INVALID, **_MISSING, **DELETED},
}
