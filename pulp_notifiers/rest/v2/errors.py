"""Error documents of Pulp 2 (CONTRACT 1.6)."""

import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from ...errors import InvalidValue, NoSuchListener, StoreUnavailable
from ..http.answers import json_answer, request_uri
from ..http.refusals import STORE_AWAY, BodyTooLarge, Credentials, NotAnObject, NotAuthenticated, NotJson, NotPermitted


@dataclass(frozen=True, slots=True)
class _Problem:
    """What Pulp 2 says of one refusal.

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
    """Return Pulp 2's error document for an error, or None for one that has none of its own."""
    if isinstance(error, StoreUnavailable):
        # Pulp 2 did not tell this from other faults. The log has the driver's words, which may name hosts and users.
        return fault_answer(request, StoreUnavailable(STORE_AWAY))
    found = next((_TABLE[kind] for kind in type(error).__mro__ if kind in _TABLE), None)
    if found is None:
        return None
    problem = found(error)
    document = {
        **_base(request, problem.status, problem.message),
        "error": {
            "code": problem.code,
            "description": problem.message,
            "data": problem.data,
            "sub_errors": [],
        },
        **problem.extra,
    }
    return json_answer(document, problem.status, problem.headers)


def fault_answer(request: Request, error: Exception) -> Response:
    """Return Pulp 2's error document for what nobody foresaw."""
    document = {
        **_base(request, 500, str(error)),
        "exception": ["".join(traceback.format_exception_only(error))],
        "traceback": traceback.format_tb(error.__traceback__),
    }
    return json_answer(document, 500)


def _base(request: Request, status: int, message: str) -> dict[str, Any]:
    return {
        "http_request_method": request.method,
        "http_status": status,
        "_href": request_uri(request),
        "error_message": message,
        "exception": None,
        "traceback": None,
    }


def _not_authenticated(error: NotAuthenticated) -> _Problem:
    code, auth_error_code, reason = _AUTHENTICATION[error.wrong]
    if error.wrong is Credentials.ABSENT:
        return _Problem(401, code, "Authentication failed.", {}, {"auth_error_code": auth_error_code})
    message = f"Authentication with username {error.user} failed: {reason}"
    return _Problem(401, code, message, {"user": error.user}, {"auth_error_code": auth_error_code})


def _not_permitted(error: NotPermitted) -> _Problem:
    message = f"Permission denied: user {error.user} cannot perform {error.operation}."
    data = {"user": error.user, "operation": error.operation}
    return _Problem(401, "PLP0026", message, data, {"auth_error_code": "permission_denied"})


def _too_large(error: BodyTooLarge) -> _Problem:
    message = f"The request body is larger than the {error.max_bytes} bytes that this server accepts"
    headers = {} if error.drained else {"Connection": "close"}
    return _Problem(413, "PN0413", message, {"max_body_bytes": error.max_bytes}, {"args": []}, headers)


def _not_json(error: NotJson) -> _Problem:
    return _Problem(400, "PLP1009", "The request body does not contain valid JSON", {}, {"args": []})


def _not_an_object(error: NotAnObject) -> _Problem:
    return _Problem(400, "PLP1015", "The JSON data must be of type 'dict'.", {"data_type": "dict"}, {"args": []})


def _no_such_listener(error: NoSuchListener) -> _Problem:
    resources = {"event_listener": error.listener_id}
    message = f"Missing resource(s): event_listener={error.listener_id}"
    return _Problem(404, "PLP0009", message, {"resources": resources}, {"resources": resources})


def _invalid_value(error: InvalidValue) -> _Problem:
    names = error.property_names
    properties = "[" + ", ".join(f"'{name}'" for name in names) + "]"
    data = {"property_names": names, "properties": properties}
    return _Problem(400, "PLP0015", f"Invalid properties: {properties}", data, {"property_names": names})


_AUTHENTICATION = {
    Credentials.ABSENT: ("PLP0025", "authentication_failed", ""),
    Credentials.CERTIFICATE: ("PLP0027", "invalid_ssl_certificate", "invalid SSL certificate."),
    Credentials.OAUTH: ("PLP0028", "invalid_oauth_credentials", "invalid oauth credentials."),
    Credentials.REMOTE_USER: (
        "PLP0029",
        "pre_auth_remote_user_missing",
        "preauthenticated remote user is missing.",
    ),
    Credentials.PASSWORD: ("PLP0030", "invalid_username_or_password", "invalid username or password"),
}

_TABLE: Mapping[type[Exception], Callable[[Any], _Problem]] = {
    NotAuthenticated: _not_authenticated,
    NotPermitted: _not_permitted,
    BodyTooLarge: _too_large,
    NotJson: _not_json,
    NotAnObject: _not_an_object,
    NoSuchListener: _no_such_listener,
    InvalidValue: _invalid_value,
}
