"""Error documents of the product's own API, as Pulp 3's: ``detail``, or sentences by field."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from fastapi.exceptions import RequestValidationError
from starlette.requests import Request
from starlette.responses import Response

from ...errors import InvalidListener, NoSuchListener, NoSuchSource, StoreUnavailable
from ..http.answers import json_answer
from ..http.refusals import (
    STORE_AWAY,
    BodyTooLarge,
    Credentials,
    CutShort,
    InvalidFields,
    NoSuchThing,
    NotAnObject,
    NotAuthenticated,
    NotJson,
    NotPermitted,
)

NOT_FOUND = "Not found."

_JSON_NAMES = {list: "list", str: "str", int: "int", float: "float", bool: "bool", type(None): "NoneType"}


def refusal_answer(request: Request, error: Exception) -> Response | None:
    """Return the error document for an error, or None for one that has none."""
    found = next((_TABLE[kind] for kind in type(error).__mro__ if kind in _TABLE), None)
    return None if found is None else found(error)


def fault_answer(request: Request, error: Exception) -> Response:
    """Return the error document for what nobody foresaw; the log has the rest."""
    return detail(500, "The server failed to answer; its log says why.")


def detail(status: int, sentence: str, headers: Mapping[str, str] | None = None) -> Response:
    """Return a document that holds one sentence."""
    return json_answer({"detail": sentence}, status, headers)


def method_not_allowed(request: Request, allow: str) -> Response:
    """Return the answer to a method that a path does not serve.

    :param allow: those that it does.
    """
    return detail(405, f'Method "{request.method}" not allowed.', {"Allow": allow})


def problems_by_field(errors: Sequence[Mapping[str, Any]]) -> dict[str, list[str]]:
    """Return what pydantic found wrong as Pulp 3 words it, field by field.

    Unknown query parameters come together under ``errors``, like unknown filters of Pulp 3.
    """
    found: dict[str, list[str]] = {}
    for error in errors:
        place = [str(step) for step in error["loc"]]
        in_query = place[:1] == ["query"]
        name = ".".join(place[1:] if in_query else place) or "non_field_errors"
        if in_query and error["type"] == "extra_forbidden":
            found.setdefault("errors", []).append(f"Invalid Filter: '{name}'")
        else:
            found.setdefault(name, []).append(_sentence(error))
    return found


def _sentence(error: Mapping[str, Any]) -> str:
    match error["type"]:
        case "missing":
            return "This field is required."
        case "extra_forbidden":
            return "Unexpected field"
        case "enum":
            return f"Select a valid choice. {error['input']} is not one of the available choices."
        case "value_error":
            return f"{error['ctx']['error']}"
    return f"{error['msg']}."


def _not_authenticated(error: NotAuthenticated) -> Response:
    told = {
        Credentials.ABSENT: "Authentication credentials were not provided.",
        Credentials.PASSWORD: "Invalid username/password.",
    }
    sentence = told.get(error.wrong, "Incorrect authentication credentials.")
    return detail(401, sentence, {"WWW-Authenticate": 'Basic realm="pulp-notifiers"'})


def _too_large(error: BodyTooLarge) -> Response:
    return detail(
        413,
        f"The request body is larger than the {error.max_bytes} bytes that this server accepts.",
        {} if error.drained else {"Connection": "close"},
    )


def _not_an_object(error: NotAnObject) -> Response:
    kind = _JSON_NAMES[type(error.value)]
    return json_answer({"non_field_errors": [f"Invalid data. Expected a dictionary, but got {kind}."]}, 400)


_TABLE: Mapping[type[Exception], Callable[[Any], Response]] = {
    NotAuthenticated: _not_authenticated,
    NotPermitted: lambda error: detail(403, "You do not have permission to perform this action."),
    BodyTooLarge: _too_large,
    NotJson: lambda error: detail(400, f"JSON parse error - {error}"),
    NotAnObject: _not_an_object,
    InvalidFields: lambda error: json_answer(error.problems, 400),
    RequestValidationError: lambda error: json_answer(problems_by_field(error.errors()), 400),
    InvalidListener: lambda error: json_answer(error.problems, 400),
    NoSuchThing: lambda error: detail(404, NOT_FOUND),
    NoSuchListener: lambda error: detail(404, NOT_FOUND),
    NoSuchSource: lambda error: detail(404, NOT_FOUND),
    CutShort: lambda error: detail(503, str(error)),
    StoreUnavailable: lambda error: detail(503, STORE_AWAY),
}
