"""Pulp 2's error documents (CONTRACT 1.6)."""

import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from ...errors import InvalidValue, NoSuchListener, StoreUnavailable
from ..http.answers import empty_answer, json_answer
from ..http.errors import (
    DATABASE_UNAVAILABLE,
    BodyTooLarge,
    CredentialProblem,
    ForeignOrigin,
    NotAnObject,
    NotAuthenticated,
    NotJson,
    NotPermitted,
    TooManyLogins,
    nearest,
)
from ..http.request_text import request_uri


@dataclass(frozen=True, slots=True)
class _Content:
    """The content of one error document.

    :ivar extra: further keys of the document.
    :ivar headers: further headers of the answer.
    """

    status: int
    code: str
    message: str
    data: Mapping[str, Any]
    extra: Mapping[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)


def refusal_answer(request: Request, error: Exception) -> Response | None:
    """Return Pulp 2's error document for an error, or None if it is an unexpected one."""
    if isinstance(error, StoreUnavailable):
        # Pulp 2 did not distinguish this from other errors. The driver's text may name hosts and users.
        return fault_answer(request, StoreUnavailable(DATABASE_UNAVAILABLE))
    render = nearest(_TABLE, error)
    if render is None:
        return None
    content = render(error)
    document = {
        **_base(request, content.status, content.message),
        "error": {
            "code": content.code,
            "description": content.message,
            "data": content.data,
            "sub_errors": [],
        },
        **content.extra,
    }
    return json_answer(document, content.status, content.headers)


def fault_answer(request: Request, error: Exception) -> Response:
    """Return Pulp 2's error document for an unexpected error."""
    document = {
        **_base(request, 500, str(error)),
        "exception": ["".join(traceback.format_exception_only(error))],
        "traceback": traceback.format_tb(error.__traceback__),
    }
    return json_answer(document, 500)


def method_not_allowed(_request: Request, allow: str) -> Response:
    """Return the answer to a method that a path does not support.

    :param allow: the methods that it supports.
    """
    return empty_answer(405, {"Allow": allow})


def _base(request: Request, status: int, message: str) -> dict[str, Any]:
    return {
        "http_request_method": request.method,
        "http_status": status,
        "_href": request_uri(request),
        "error_message": message,
        "exception": None,
        "traceback": None,
    }


def _not_authenticated(error: NotAuthenticated) -> _Content:
    code, auth_error_code, reason = _AUTHENTICATION[error.problem]
    if error.problem is CredentialProblem.ABSENT:
        return _Content(401, code, "Authentication failed.", {}, {"auth_error_code": auth_error_code})
    message = f"Authentication with username {error.user} failed: {reason}"
    return _Content(401, code, message, {"user": error.user}, {"auth_error_code": auth_error_code})


def _too_many_logins(error: TooManyLogins) -> _Content:
    data = {"retry_after_seconds": error.wait_seconds}
    return _Content(429, "PN0429", str(error), data, {"args": []}, error.headers)


def _not_permitted(error: NotPermitted) -> _Content:
    message = f"Permission denied: user {error.user} cannot perform {error.operation}."
    data = {"user": error.user, "operation": error.operation}
    return _Content(401, "PLP0026", message, data, {"auth_error_code": "permission_denied"})


def _cross_site(error: ForeignOrigin) -> _Content:
    return _Content(403, "PN0403", str(error), {}, {"args": []})


def _too_large(error: BodyTooLarge) -> _Content:
    message = f"The request body is larger than the {error.max_bytes} bytes that this server accepts"
    return _Content(413, "PN0413", message, {"max_body_bytes": error.max_bytes}, {"args": []}, error.headers)


def _not_json(error: NotJson) -> _Content:
    return _Content(400, "PLP1009", "The request body does not contain valid JSON", {}, {"args": []})


def _not_an_object(error: NotAnObject) -> _Content:
    return _Content(400, "PLP1015", "The JSON data must be of type 'dict'.", {"data_type": "dict"}, {"args": []})


def _no_such_listener(error: NoSuchListener) -> _Content:
    resources = {"event_listener": error.listener_id}
    message = f"Missing resource(s): event_listener={error.listener_id}"
    return _Content(404, "PLP0009", message, {"resources": resources}, {"resources": resources})


def _invalid_value(error: InvalidValue) -> _Content:
    names = error.property_names
    properties = "[" + ", ".join(f"'{name}'" for name in names) + "]"
    data = {"property_names": names, "properties": properties}
    return _Content(400, "PLP0015", f"Invalid properties: {properties}", data, {"property_names": names})


_AUTHENTICATION = {
    CredentialProblem.ABSENT: ("PLP0025", "authentication_failed", ""),
    CredentialProblem.CERTIFICATE: ("PLP0027", "invalid_ssl_certificate", "invalid SSL certificate."),
    CredentialProblem.OAUTH: ("PLP0028", "invalid_oauth_credentials", "invalid oauth credentials."),
    CredentialProblem.REMOTE_USER: (
        "PLP0029",
        "pre_auth_remote_user_missing",
        "preauthenticated remote user is missing.",
    ),
    CredentialProblem.PASSWORD: ("PLP0030", "invalid_username_or_password", "invalid username or password"),
}

_TABLE: Mapping[type[Exception], Callable[[Any], _Content]] = {
    NotAuthenticated: _not_authenticated,
    TooManyLogins: _too_many_logins,
    NotPermitted: _not_permitted,
    ForeignOrigin: _cross_site,
    BodyTooLarge: _too_large,
    NotJson: _not_json,
    NotAnObject: _not_an_object,
    NoSuchListener: _no_such_listener,
    InvalidValue: _invalid_value,
}
