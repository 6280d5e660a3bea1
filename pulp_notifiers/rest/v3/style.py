"""How the routes of this API differ from Pulp 2's: ``PATCH`` for changes, and errors as in Pulp 3."""

from typing import Any

from pydantic import BaseModel

from ..routes import RouteStyle
from .errors import method_not_allowed


class Detail(BaseModel):
    """An error in one sentence."""

    detail: str


def refusal(status: int | str, description: str) -> dict[int | str, dict[str, Any]]:
    """Return the OpenAPI response of an error that is answered with :class:`Detail`."""
    return {status: {"model": Detail, "description": description}}


STYLE = RouteStyle(
    update_method="PATCH",
    method_not_allowed=method_not_allowed,
    responses={
        **refusal(401, "Credentials are missing or wrong."),
        **refusal(403, "The user lacks the permission."),
        **refusal(429, "Too many wrong passwords; Retry-After says when to try again."),
        **refusal("default", "Unexpected error, or the database cannot be reached."),
    },
)

INVALID: dict[int | str, dict[str, Any]] = {
    400: {"model": dict[str, list[str]] | Detail, "description": "A field or parameter is not allowed."},
}
"""OpenAPI response of routes that check values."""
