"""What is stored, as frozen records: one module for each noun."""

from .delivery import (
    LISTENER_DELETED,
    Attempt,
    Backlog,
    Claim,
    Delivery,
    DeliveryState,
    LaneState,
    Outcome,
    Owed,
    OwedDelivery,
    OwedEvent,
)
from .listener import Listener
from .source import Kept, RegisteredSource, SourceState, SourceStatus
from .user import Operation, User

__all__ = [
    "LISTENER_DELETED",
    "Attempt",
    "Backlog",
    "Claim",
    "Delivery",
    "DeliveryState",
    "Kept",
    "LaneState",
    "Listener",
    "Operation",
    "Outcome",
    "Owed",
    "OwedDelivery",
    "OwedEvent",
    "RegisteredSource",
    "SourceState",
    "SourceStatus",
    "User",
]
