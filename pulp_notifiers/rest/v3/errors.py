"""Error documents of the product's own API, as in Pulp 3: ``detail``, or messages by field."""

import shlex
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from fastapi.exceptions import RequestValidationError
from starlette.requests import Request
from starlette.responses import Response

from ...access import with_parents
from ...errors import (
    EventIdTaken,
    InvalidListener,
    InvalidTemplate,
    NoSuchListener,
    NoSuchSource,
    NoSuchTemplate,
    PartlyWritten,
    StoreUnavailable,
    TemplateInUse,
)
from ...idempotency import AlreadyAnswered, KeyInProgress, KeyReused
from ...options import UNEXPECTED_FIELD
from ..http.answers import answer_of, empty_answer, json_answer
from ..http.errors import (
    DATABASE_UNAVAILABLE,
    BodyTooLarge,
    CredentialProblem,
    ForeignOrigin,
    InvalidFields,
    NotAnObject,
    NotAuthenticated,
    NotFound,
    NotJson,
    NotModified,
    NotPermitted,
    PartlyAccepted,
    PreconditionFailed,
    TooManyLogins,
    nearest,
)
from ..paths import OWN

_COLLECTION_SLASHES = len(OWN.removeprefix("/pulp/api").split("/"))
"""Slashes in the resource of a collection, such as /v3/notifications/listeners/."""

_JSON_NAMES = {list: "list", str: "str", int: "int", float: "float", bool: "bool", type(None): "NoneType"}


def refusal_answer(request: Request, error: Exception) -> Response | None:
    """Return the error document for an error, or None if it is an unexpected one."""
    render = nearest(_TABLE, error)
    return None if render is None else render(error)


def fault_answer(request: Request, error: Exception) -> Response:
    """Return the error document for an unexpected error; only the log has its details."""
    return detail(500, "Unexpected error; the server log says why.")


def detail(status: int, sentence: str, headers: Mapping[str, str] | None = None) -> Response:
    """Return an error document of one sentence."""
    return json_answer({"detail": sentence}, status, headers)


def not_found() -> Response:
    """Return the answer to a path or an id that does not exist."""
    return detail(404, "Not found.")


def method_not_allowed(request: Request, allow: str) -> Response:
    """Return the answer to a method that a path does not support.

    :param allow: the methods that it supports.
    """
    return detail(405, f'Method "{request.method}" not allowed.', {"Allow": allow})


def partly_written(error: PartlyWritten) -> str:
    """Return the sentence for a client whose event was written in part."""
    return (
        "The database failed when only a part of the deliveries was written. Send the same request again with the "
        f"header Pulp-Event-Id: {error.event_id}; only the missing ones are added."
    )


def problems_by_field(errors: Sequence[Mapping[str, Any]]) -> dict[str, list[str]]:
    """Return pydantic's errors as messages by field, worded as in Pulp 3.

    Unknown query parameters are all under ``errors``, like unknown filters in Pulp 3.
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
            return UNEXPECTED_FIELD
        case "enum":
            return f"Select a valid choice. {error['input']} is not one of the available choices."
        case "value_error":
            return f"{error['ctx']['error']}"
    return f"{error['msg']}."


def _not_authenticated(error: NotAuthenticated) -> Response:
    sentences = {
        CredentialProblem.ABSENT: "Authentication credentials were not provided.",
        CredentialProblem.PASSWORD: "Invalid username/password.",
    }
    sentence = sentences.get(error.problem, "Incorrect authentication credentials.")
    return detail(401, sentence, {"WWW-Authenticate": 'Basic realm="pulp-notifiers"'})


def _not_permitted(error: NotPermitted) -> str:
    """Return Pulp 3's sentence, and the command that gives the missing grant."""
    sentence = "You do not have permission to perform this action."
    if error.resource is None:
        return sentence
    # Whoever may do it to one object may usually do it to all of them.
    collection = next(one for one in with_parents(error.resource) if one.count("/") <= _COLLECTION_SLASHES)
    words = ("pulp-notifiers", "user", "grant", error.user, collection, error.operation)
    return f"{sentence} An administrator can allow it: {shlex.join(words)}"


def _not_an_object(error: NotAnObject) -> Response:
    kind = _JSON_NAMES[type(error.value)]
    return json_answer({"non_field_errors": [f"Invalid data. Expected a dictionary, but got {kind}."]}, 400)


_TABLE: Mapping[type[Exception], Callable[[Any], Response]] = {
    NotAuthenticated: _not_authenticated,
    TooManyLogins: lambda error: detail(429, str(error), error.headers),
    NotPermitted: lambda error: detail(403, _not_permitted(error)),
    ForeignOrigin: lambda error: detail(403, str(error)),
    BodyTooLarge: lambda error: detail(413, str(error), error.headers),
    NotJson: lambda error: detail(400, f"JSON parse error - {error}"),
    NotAnObject: _not_an_object,
    InvalidFields: lambda error: json_answer(error.problems, 400),
    RequestValidationError: lambda error: json_answer(problems_by_field(error.errors()), 400),
    InvalidListener: lambda error: json_answer(error.problems, 400),
    NotFound: lambda error: not_found(),
    AlreadyAnswered: lambda error: answer_of(error.answer.status, error.answer.headers, error.answer.body),
    KeyReused: lambda error: detail(422, str(error)),
    KeyInProgress: lambda error: detail(409, str(error), {"Retry-After": "1"}),
    NotModified: lambda error: empty_answer(304, {"ETag": error.tag}),
    PreconditionFailed: lambda error: detail(412, str(error)),
    NoSuchListener: lambda error: not_found(),
    NoSuchSource: lambda error: not_found(),
    InvalidTemplate: lambda error: json_answer(error.problems, 400),
    NoSuchTemplate: lambda error: not_found(),
    TemplateInUse: lambda error: detail(409, str(error)),
    EventIdTaken: lambda error: json_answer({"detail": str(error), "digest": error.digest}, 409),
    PartlyAccepted: lambda error: detail(503, str(error)),
    PartlyWritten: lambda error: detail(503, partly_written(error)),
    StoreUnavailable: lambda error: detail(503, DATABASE_UNAVAILABLE),
}
