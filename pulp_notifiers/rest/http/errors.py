"""Why a request is refused, whichever API it is for; each API has its own words for it.

::

    Refusal
    ├── NotAuthenticated    send usable credentials
    ├── NotPermitted        ask for a grant
    ├── BodyTooLarge        send less
    ├── NotJson             send valid JSON
    ├── NotAnObject         send a JSON object
    ├── InvalidFields       correct the named fields
    ├── CutShort            send the same once more, later
    └── NoSuchThing         look at the list for the right id
"""

from collections.abc import Mapping
from enum import Enum
from typing import Any

from ...errors import PulpNotifiersError
from ...records import Operation

STORE_AWAY = "The database refused or did not answer; nothing was written."
"""What clients read of a :class:`~pulp_notifiers.errors.StoreUnavailable`."""


class Refusal(PulpNotifiersError):
    """Parent of what this package raises to refuse a request."""


class Credentials(Enum):
    """What was wrong with the credentials."""

    ABSENT = "absent"
    CERTIFICATE = "certificate"
    OAUTH = "oauth"
    REMOTE_USER = "remote user"
    PASSWORD = "password"


class NotAuthenticated(Refusal):
    """The request has no usable credentials.

    :param user: who the request claims to be from, as far as it says.
    """

    def __init__(self, wrong: Credentials, user: str | None = None) -> None:
        super().__init__(f"Authentication failed ({wrong.value}).")
        self.wrong = wrong
        self.user = user


class NotPermitted(Refusal):
    """The request is from somebody who may not do that."""

    def __init__(self, user: str, operation: Operation) -> None:
        super().__init__(f"{user!r} has no permission to {operation}.")
        self.user = user
        self.operation = operation


class BodyTooLarge(Refusal):
    """The request's body is larger than the setting ``max_body_bytes``.

    :param drained: whether the body was read to its end, so that the connection can be used again.
    """

    def __init__(self, max_bytes: int, drained: bool) -> None:
        super().__init__(f"The request body is larger than {max_bytes} bytes.")
        self.max_bytes = max_bytes
        self.drained = drained


class NotJson(Refusal):
    """The request's body is not valid JSON."""


class NotAnObject(Refusal):
    """The request's body is valid JSON, but no object."""

    def __init__(self, value: Any) -> None:
        super().__init__("The request body is not a JSON object.")
        self.value = value


class InvalidFields(Refusal):
    """Fields of a request have values that are not allowed.

    :param problems: field to sentences that say what is wrong.
    """

    def __init__(self, problems: Mapping[str, list[str]]) -> None:
        super().__init__(f"Invalid fields: {', '.join(problems)}")
        self.problems = dict(problems)


class CutShort(Refusal):
    """The database went away while a list was being taken.

    :param taken: how many of the list were taken before.
    """

    def __init__(self, taken: int, count: int) -> None:
        super().__init__(
            f"The database does not answer, and {taken} of {count} were taken; send all of them again later, "
            f"which adds nothing twice."
        )


class NoSuchThing(Refusal):
    """There is nothing of this id."""
