"""Pulp 2's API of listeners, deprecated since 2.7 and served unchanged (CONTRACT 1)."""

from collections.abc import Sequence
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from ...access import Accounts, resource_of
from ...listeners import LISTENERS, Pulp2Listeners, listener_document, listener_href
from ...records import Listener, Operation
from ..http import body
from ..http.answers import conditional_answer, dropped_secrets_header, json_answer
from ..routes import Handler, Routes, RouteStyle
from . import openapi
from .errors import method_not_allowed

STYLE = RouteStyle(
    update_method="PUT",
    method_not_allowed=method_not_allowed,
    route_options={"response_model": None, "deprecated": True},
)


class ListenersV2:
    """The routes of ``/pulp/api/v2/events/``.

    A request is checked in Pulp 2's order: method, credentials, body, existence, values.
    """

    def __init__(self, listeners: Pulp2Listeners, accounts: Accounts, max_body_bytes: int) -> None:
        self._listeners = listeners
        self._accounts = accounts
        self._max_body_bytes = max_body_bytes

    def add_to(self, routes: Routes) -> None:
        """Add the routes."""
        routes.add(
            LISTENERS,
            Handler(Operation.READ, self._list, openapi.LIST),
            Handler(Operation.CREATE, self._create, openapi.CREATE),
        )
        routes.add(
            f"{LISTENERS}{{listener_id}}/",
            Handler(Operation.READ, self._get, openapi.GET),
            Handler(Operation.UPDATE, self._update, openapi.UPDATE),
            Handler(Operation.DELETE, self._delete, openapi.DELETE),
        )

    def _list(self, request: Request) -> Response:
        return conditional_answer(request, self._documents(request, self._listeners.list()))

    def _get(self, request: Request, listener_id: str) -> Response:
        return conditional_answer(request, self._document(request, self._listeners.get(listener_id)))

    async def _create(self, request: Request) -> Response:
        sent = await body.read(request, self._max_body_bytes)
        return await run_in_threadpool(self._created, request, sent)

    async def _update(self, request: Request, listener_id: str) -> Response:
        sent = await body.read(request, self._max_body_bytes)
        return await run_in_threadpool(self._updated, request, listener_id, sent)

    def _delete(self, listener_id: str) -> Response:
        self._listeners.delete(listener_id)
        return json_answer(None)

    def _created(self, request: Request, sent: bytes) -> Response:
        values = body.parse_object(sent)
        listener = self._listeners.create(
            values.get("notifier_type_id"), values.get("notifier_config"), values.get("event_types")
        )
        return json_answer(self._document(request, listener), 201, {"Location": listener_href(listener)})

    def _updated(self, request: Request, listener_id: str, sent: bytes) -> Response:
        # Pulp 2 accepted an empty body as an empty change, but not a body of blanks.
        values = body.parse_object(sent) if sent else {}
        listener = self._listeners.update(listener_id, values.get("notifier_config"), values.get("event_types"))
        return json_answer(self._document(request, listener), headers=dropped_secrets_header(listener.dropped_secrets))

    def _document(self, request: Request, listener: Listener) -> dict[str, Any]:
        [document] = self._documents(request, [listener])
        return document

    def _documents(self, request: Request, listeners: Sequence[Listener]) -> list[dict[str, Any]]:
        # Katello has a token in its URL, compares the URL with what it wrote, and creates the listener anew if they
        # differ (CONTRACT 1.8). So whoever may register listeners sees URLs as they are; who may only read does not.
        show_urls = self._accounts.permitted(request.state.user, resource_of(LISTENERS), Operation.CREATE)
        return [listener_document(one, self._listeners.shown_config(one, show_urls)) for one in listeners]
