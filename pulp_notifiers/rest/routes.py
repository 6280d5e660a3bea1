"""Adds routes to the router: with permissions, ``HEAD``, and the answer to other methods."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from fastapi import APIRouter, Depends

from ..records import Operation
from .access.gate import Gate
from .http.methods import MethodNotAllowed, other_methods


@dataclass(frozen=True, slots=True)
class Handler:
    """The function that serves one method of a path.

    :ivar operation: the permission that the method needs; it also decides which method it is.
    :ivar route_options: keyword arguments of FastAPI's ``add_api_route``: name, summary, status code, responses.
    """

    operation: Operation
    function: Callable[..., Any]
    route_options: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RouteStyle:
    """How the routes of one API differ from those of the other.

    :ivar update_method: the HTTP method of ``UPDATE``.
    :ivar method_not_allowed: makes the answer 405.
    :ivar route_options: further keyword arguments of ``add_api_route``, for every route.
    :ivar responses: OpenAPI responses of every route that needs a permission.
    """

    update_method: str
    method_not_allowed: MethodNotAllowed
    route_options: Mapping[str, Any] = field(default_factory=dict)
    responses: Mapping[int | str, Any] = field(default_factory=dict)


class Routes:
    """Adds the routes of one resource to a router.

    :param tag: heading in the OpenAPI document.
    """

    def __init__(self, router: APIRouter, gate: Gate, tag: str, style: RouteStyle) -> None:
        self._router = router
        self._gate = gate
        self._tag = tag
        self._style = style
        self._methods = {
            Operation.READ: "GET",
            Operation.CREATE: "POST",
            Operation.UPDATE: style.update_method,
            Operation.DELETE: "DELETE",
        }

    def add(self, path: str, *handlers: Handler) -> None:
        """Add all methods of a path. Each is reached only by users who may do its operation to the path."""
        for handler in handlers:
            options = {
                **handler.route_options,
                "dependencies": [Depends(self._gate.require(handler.operation))],
                "responses": {**self._style.responses, **handler.route_options.get("responses", {})},
            }
            self._add(path, self._methods[handler.operation], handler.function, options)
        self._add_other_methods(path, [self._methods[handler.operation] for handler in handlers])

    def add_public(self, path: str, function: Callable[..., Any], **route_options: Any) -> None:
        """Add ``GET`` of a path that needs no credentials."""
        self._add(path, "GET", function, route_options)
        self._add_other_methods(path, ["GET"])

    def _add(self, path: str, method: str, function: Callable[..., Any], route_options: Mapping[str, Any]) -> None:
        options = {**self._style.route_options, **route_options}
        self._router.add_api_route(path, function, methods=[method], tags=[self._tag], **options)
        if method == "GET":
            self._router.add_api_route(path, function, methods=["HEAD"], **{**options, "include_in_schema": False})

    def _add_other_methods(self, path: str, methods: list[str]) -> None:
        allow = ", ".join([*methods, *(["HEAD"] if "GET" in methods else []), "OPTIONS"])
        self._router.routes.append(other_methods(path, allow, self._style.method_not_allowed))
