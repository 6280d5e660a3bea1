"""How routes of this API are added: guarded, documented, and closed to other methods."""

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel

from ...records import Operation
from ..errors_v3 import method_not_allowed
from ..gate import Gate
from ..methods import other_methods

_METHODS = {Operation.READ: "GET", Operation.CREATE: "POST"}


class Detail(BaseModel):
    """Why there is no other answer."""

    detail: str


class Routes:
    """Adds the routes of one kind of thing to a router.

    :param tag: heading in the OpenAPI document.
    """

    def __init__(self, router: APIRouter, gate: Gate, tag: str) -> None:
        self._router = router
        self._gate = gate
        self._tag = tag

    def add(self, path: str, operation: Operation, endpoint: Callable[..., Any], **told: Any) -> None:
        """Add the one route of a path; only those who may do the operation to the path reach it."""
        guard = [Depends(self._gate.needs(operation))]
        refusals = {**_REFUSALS, **told.get("responses", {})}
        self._add(path, _METHODS[operation], endpoint, dependencies=guard, **{**told, "responses": refusals})

    def add_open(self, path: str, endpoint: Callable[..., Any], **told: Any) -> None:
        """Add a route that anybody may read."""
        self._add(path, "GET", endpoint, **told)

    def _add(self, path: str, method: str, endpoint: Callable[..., Any], **told: Any) -> None:
        self._router.add_api_route(path, endpoint, methods=[method], tags=[self._tag], **told)
        if method == "GET":
            self._router.add_api_route(path, endpoint, methods=["HEAD"], **{**told, "include_in_schema": False})
        allow = "GET, HEAD, OPTIONS" if method == "GET" else f"{method}, OPTIONS"
        self._router.routes.append(other_methods(path, allow, method_not_allowed))


_REFUSALS: dict[int | str, dict[str, Any]] = {
    401: {"model": Detail, "description": "Credentials are missing or wrong."},
    403: {"model": Detail, "description": "The permission is missing."},
    "default": {"model": Detail, "description": "The server cannot answer."},
}

INVALID: dict[int | str, dict[str, Any]] = {
    400: {"model": dict[str, list[str]] | Detail, "description": "Fields or parameters that cannot be accepted."},
}
"""Documents that a route refuses values."""
