"""Why a request is refused, in either API; each API renders the error in its own form.

::

    Refusal
    ├── NotAuthenticated    send usable credentials
    ├── TooManyLogins       wait, then log in again
    ├── NotPermitted        ask for a grant
    ├── ForeignOrigin       send it from an allowed origin
    ├── BodyTooLarge        send less
    ├── NotJson             send valid JSON
    ├── NotAnObject         send a JSON object
    ├── InvalidFields       correct the named fields
    ├── PartlyAccepted      send the same list again later
    ├── NotModified         use the answer that the client has
    ├── PreconditionFailed  read it again
    └── NotFound            look up the id in the list
"""

import math
from collections.abc import Mapping
from enum import Enum
from typing import Any, TypeVar

from ...errors import PulpNotifiersError
from ...records import Operation

DATABASE_UNAVAILABLE = "The database refused or did not answer; nothing was written."
"""What clients read of a :class:`~pulp_notifiers.errors.StoreUnavailable`."""

T = TypeVar("T")


def nearest(table: Mapping[type[Exception], T], error: Exception) -> T | None:
    """Return the entry of a table for the class of an error or its nearest parent; None if there is none."""
    return next((table[kind] for kind in type(error).__mro__ if kind in table), None)


class Refusal(PulpNotifiersError):
    """Parent of the errors that this package raises to refuse a request."""


class CredentialProblem(Enum):
    """Why credentials are not usable."""

    ABSENT = "absent"
    CERTIFICATE = "certificate"
    OAUTH = "oauth"
    REMOTE_USER = "remote user"
    PASSWORD = "password"


class NotAuthenticated(Refusal):
    """The request has no usable credentials.

    :param user: the user that the credentials name, if any.
    """

    def __init__(self, problem: CredentialProblem, user: str | None = None) -> None:
        super().__init__(f"Authentication failed ({problem.value}).")
        self.problem = problem
        self.user = user


class TooManyLogins(Refusal):
    """A password was not looked at, because of wrong ones before it, or because too many others wait.

    :param wait_seconds: when to try again.
    """

    def __init__(self, wait_seconds: float) -> None:
        self.wait_seconds = max(1, math.ceil(wait_seconds))
        super().__init__(
            f"Too many logins failed or are waiting. Try again in {self.wait_seconds} seconds, with the right password."
        )

    @property
    def headers(self) -> dict[str, str]:
        """Headers of the answer."""
        return {"Retry-After": str(self.wait_seconds)}


class NotPermitted(Refusal):
    """The user of the request lacks the permission.

    :param resource: what the request was for; None if the user cannot get grants.
    """

    def __init__(self, user: str, operation: Operation, resource: str | None = None) -> None:
        super().__init__(f"{user!r} has no permission to {operation}.")
        self.user = user
        self.operation = operation
        self.resource = resource


class ForeignOrigin(Refusal):
    """A page of another web site made a browser send the request."""

    def __init__(self) -> None:
        super().__init__(
            "The request was sent by a page of another web site. If that site may make changes here, add its origin to "
            "the setting [rest] allowed_origins; if it is this service behind a proxy, let the proxy pass Host and "
            "X-Forwarded-Proto."
        )


class BodyTooLarge(Refusal):
    """The request's body is larger than the setting ``max_body_bytes``.

    :param drained: whether the body was read to its end, so that the connection can be used again.
    """

    def __init__(self, max_bytes: int, drained: bool) -> None:
        super().__init__(f"The request body is larger than the {max_bytes} bytes that this server accepts.")
        self.max_bytes = max_bytes
        self.drained = drained

    @property
    def headers(self) -> dict[str, str]:
        """Headers of the answer."""
        return {} if self.drained else {"Connection": "close"}


class NotJson(Refusal):
    """The request's body is not valid JSON."""


class NotAnObject(Refusal):
    """The request's body is valid JSON, but not an object."""

    def __init__(self, value: Any) -> None:
        super().__init__("The request body is not a JSON object.")
        self.value = value


class InvalidFields(Refusal):
    """Fields of a request have values that are not allowed.

    :param problems: messages by field.
    """

    def __init__(self, problems: Mapping[str, list[str]]) -> None:
        super().__init__(f"Invalid fields: {', '.join(problems)}")
        self.problems = dict(problems)


class PartlyAccepted(Refusal):
    """The database failed after part of a list was accepted.

    :param accepted: how many items of the list were accepted.
    """

    def __init__(self, accepted: int, count: int) -> None:
        super().__init__(
            f"The database does not answer; {accepted} of {count} were accepted. Send all of them again later: nothing "
            f"is added twice."
        )


class NotModified(Refusal):
    """The client has the current representation; no error, but no answer of the handler either.

    :param tag: its ``ETag``.
    """

    def __init__(self, tag: str) -> None:
        super().__init__("The client has the current representation.")
        self.tag = tag


class PreconditionFailed(Refusal):
    """The representation is not the one that the client wants to change."""

    def __init__(self) -> None:
        super().__init__(
            "It was changed since you read it, and nothing was done. Read it again, decide whether your change still "
            "makes sense, and send it with the new ETag in If-Match."
        )


class NotFound(Refusal):
    """Nothing has the id of the request."""
