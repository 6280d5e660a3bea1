"""Answers to requests that may be repeated."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

KEPT_FOR = timedelta(days=1)
"""How long an answer is kept."""


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """The answer to a request with an idempotency key, or what was planned before there is one.

    :ivar key: digest of the key, of the user who sent it, and of the path.
    :ivar request: digest of what the request says.
    :ivar created_at: when it was first kept.
    :ivar planned_id: the id that what the request makes will have; empty if none was needed.
    :ivar status: of HTTP; None while there is no answer.
    """

    key: str
    request: str
    created_at: datetime
    planned_id: str = ""
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
