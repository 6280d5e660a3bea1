"""Events as they are stored."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from .delivery import DeliveryState


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """A row of the list of events.

    :ivar stored_at: when it was fired here; the list is in this order.
    :ivar repo_id: from its payload, as are the fields behind it; None if it has no such text.
    :ivar deliveries: how many it has in each state; states without any are missing.
    """

    id: str
    type: str
    occurred_at: datetime
    stored_at: datetime
    source: str
    repo_id: str | None
    server: str | None
    domain: str | None
    result: str | None
    deliveries: Mapping[DeliveryState, int]
