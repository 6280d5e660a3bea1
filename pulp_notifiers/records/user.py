"""Users, and what a grant permits."""

from dataclasses import dataclass
from enum import StrEnum


class Operation(StrEnum):
    """An operation that a grant permits (CONTRACT 1.7)."""

    CREATE = "CREATE"
    READ = "READ"
    UPDATE = "UPDATE"
    DELETE = "DELETE"


@dataclass(frozen=True, slots=True)
class User:
    """A person or program that may log in.

    :ivar password_hash: text of :mod:`pulp_notifiers.access.passwords`; empty if the user cannot log in by password.
    :ivar super_user: may do everything.
    """

    login: str
    password_hash: str
    super_user: bool
