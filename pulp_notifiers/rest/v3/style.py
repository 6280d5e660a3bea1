"""How routes of this API are added: guarded, documented, and closed to other methods."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel

from ...records import Operation
from ..access.gate import Gate
from ..http.methods import other_methods
from .errors import method_not_allowed

_METHODS = {
    Operation.READ: "GET",
    Operation.CREATE: "POST",
    Operation.UPDATE: "PATCH",
    Operation.DELETE: "DELETE",
}


class Detail(BaseModel):
    """Why there is no other answer."""

    detail: str


@dataclass(frozen=True, slots=True)
class Served:
    """What a path does by one of its methods.

    :ivar told: what the OpenAPI document says of it, and its status.
    """

    operation: Operation
    endpoint: Callable[..., Any]
    told: dict[str, Any]


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
        self.add_several(path, Served(operation, endpoint, told))

    def add_several(self, path: str, *all_served: Served) -> None:
        """Add all routes of a path; only those who may do its operation to the path reach each."""
        for served in all_served:
            guard = [Depends(self._gate.needs(served.operation))]
            refusals = {**_REFUSALS, **served.told.get("responses", {})}
            told = {**served.told, "dependencies": guard, "responses": refusals}
            self._add(path, _METHODS[served.operation], served.endpoint, **told)
        self._close(path, [_METHODS[served.operation] for served in all_served])

    def add_open(self, path: str, endpoint: Callable[..., Any], **told: Any) -> None:
        """Add a route that anybody may read."""
        self._add(path, "GET", endpoint, **told)
        self._close(path, ["GET"])

    def _add(self, path: str, method: str, endpoint: Callable[..., Any], **told: Any) -> None:
        self._router.add_api_route(path, endpoint, methods=[method], tags=[self._tag], **told)
        if method == "GET":
            self._router.add_api_route(path, endpoint, methods=["HEAD"], **{**told, "include_in_schema": False})

    def _close(self, path: str, methods: list[str]) -> None:
        head = ["HEAD"] if "GET" in methods else []
        self._router.routes.append(other_methods(path, ", ".join([*methods, *head, "OPTIONS"]), method_not_allowed))


_REFUSALS: dict[int | str, dict[str, Any]] = {
    401: {"model": Detail, "description": "Credentials are missing or wrong."},
    403: {"model": Detail, "description": "The permission is missing."},
    "default": {"model": Detail, "description": "The server cannot answer."},
}

INVALID: dict[int | str, dict[str, Any]] = {
    400: {"model": dict[str, list[str]] | Detail, "description": "Fields or parameters that cannot be accepted."},
}
"""Documents that a route refuses values."""
