"""Errors of listeners' conditions and templates, which are counted."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class ErrorKind(StrEnum):
    """What failed."""

    CONDITION = "condition"
    TEMPLATE = "template"


@dataclass(frozen=True, slots=True)
class ListenerError:
    """How often a listener's condition or template failed, and the last time.

    :ivar event_id: the event for which it failed last.
    :ivar occurred_at: when that was.
    :ivar problem: one sentence.
    """

    listener_id: str
    kind: ErrorKind
    count: int
    event_id: str
    occurred_at: datetime
    problem: str
