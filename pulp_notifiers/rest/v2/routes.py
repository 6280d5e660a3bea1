"""Pulp 2's API of listeners, deprecated since 2.7 and served unchanged (CONTRACT 1)."""

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Depends
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from ...listeners import LISTENERS, Pulp2Listeners, listener_document, listener_href
from ...records import Listener, Operation
from ..access.gate import Gate
from ..http import body
from ..http.answers import conditional_answer, empty_answer, json_answer
from ..http.methods import other_methods
from . import openapi as v2_openapi

_ONE = f"{LISTENERS}{{listener_id}}/"


class ListenersV2:
    """The routes of ``/pulp/api/v2/events/``.

    The order in which a request is checked is Pulp 2's: method, credentials, body, existence, values.
    """

    def __init__(self, listeners: Pulp2Listeners, gate: Gate, max_body_bytes: int) -> None:
        self._listeners = listeners
        self._gate = gate
        self._max_body_bytes = max_body_bytes

    def add_to(self, router: APIRouter) -> None:
        """Add the routes to a router."""
        self._add(router, LISTENERS, Operation.READ, self._list, v2_openapi.LIST)
        self._add(router, LISTENERS, Operation.CREATE, self._create, v2_openapi.CREATE)
        router.routes.append(other_methods(LISTENERS, "GET, POST, HEAD, OPTIONS", _not_allowed))
        self._add(router, _ONE, Operation.READ, self._get, v2_openapi.GET)
        self._add(router, _ONE, Operation.UPDATE, self._update, v2_openapi.UPDATE)
        self._add(router, _ONE, Operation.DELETE, self._delete, v2_openapi.DELETE)
        router.routes.append(other_methods(_ONE, "GET, PUT, DELETE, HEAD, OPTIONS", _not_allowed))

    def _add(
        self, router: APIRouter, path: str, operation: Operation, endpoint: Callable[..., Any], told: v2_openapi.Told
    ) -> None:
        guard = [Depends(self._gate.needs(operation))]
        method = _METHODS[operation]
        router.add_api_route(
            path,
            endpoint,
            methods=[method],
            dependencies=guard,
            response_model=None,
            deprecated=True,
            tags=["Listeners (Pulp 2)"],
            **told,
        )
        if method == "GET":
            router.add_api_route(
                path, endpoint, methods=["HEAD"], dependencies=guard, response_model=None, include_in_schema=False
            )

    def _list(self, request: Request) -> Response:
        return conditional_answer(request, [self._document(listener) for listener in self._listeners.list()])

    def _get(self, request: Request, listener_id: str) -> Response:
        return conditional_answer(request, self._document(self._listeners.get(listener_id)))

    async def _create(self, request: Request) -> Response:
        sent = await body.read(request, self._max_body_bytes)
        return await run_in_threadpool(self._created, sent)

    async def _update(self, request: Request, listener_id: str) -> Response:
        sent = await body.read(request, self._max_body_bytes)
        return await run_in_threadpool(self._updated, listener_id, sent)

    def _delete(self, listener_id: str) -> Response:
        self._listeners.delete(listener_id)
        return json_answer(None)

    def _created(self, sent: bytes) -> Response:
        told = body.parse_object(sent)
        listener = self._listeners.create(
            told.get("notifier_type_id"), told.get("notifier_config"), told.get("event_types")
        )
        return json_answer(self._document(listener), 201, {"Location": listener_href(listener)})

    def _updated(self, listener_id: str, sent: bytes) -> Response:
        # Pulp 2 took a body of no bytes at all as an empty change, and blanks as an error.
        told = body.parse_object(sent) if sent else {}
        listener = self._listeners.update(listener_id, told.get("notifier_config"), told.get("event_types"))
        return json_answer(self._document(listener))

    def _document(self, listener: Listener) -> dict[str, Any]:
        return listener_document(listener, self._listeners.shown_config(listener))


_METHODS = {
    Operation.READ: "GET",
    Operation.CREATE: "POST",
    Operation.UPDATE: "PUT",
    Operation.DELETE: "DELETE",
}


def _not_allowed(_request: Request, allow: str) -> Response:
    return empty_answer(405, {"Allow": allow})
