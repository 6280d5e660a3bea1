"""What is stored, as frozen records: one module for each noun."""

from .delivery import (
    LISTENER_DELETED,
    Attempt,
    Backlog,
    Claim,
    Delivery,
    DeliveryFilter,
    DeliveryState,
    LaneState,
    Outcome,
    Owed,
    OwedDelivery,
    OwedEvent,
)
from .listener import Listener, ListenerChange, ListenerDraft
from .source import Kept, RegisteredSource, SourceChange, SourceDraft, SourceState, SourceStatus
from .user import Operation, User

__all__ = [
    "LISTENER_DELETED",
    "Attempt",
    "Backlog",
    "Claim",
    "Delivery",
    "DeliveryFilter",
    "DeliveryState",
    "Kept",
    "LaneState",
    "Listener",
    "ListenerChange",
    "ListenerDraft",
    "Operation",
    "Outcome",
    "Owed",
    "OwedDelivery",
    "OwedEvent",
    "RegisteredSource",
    "SourceChange",
    "SourceDraft",
    "SourceState",
    "SourceStatus",
    "User",
]
