"""What is stored, as frozen records.

::

    listener    listeners, drafts of new ones, and changes
    source      sources, drafts of new ones, changes, and their status
    delivery    deliveries, claims, attempts and their outcomes
    template    templates, and the forms of their parts
    user        users, and the operations that a grant permits
    filter      which records of a list to show, in which order
"""

from .delivery import (
    LISTENER_DELETED,
    SUSPECTED_CRASHES,
    Attempt,
    Attempted,
    Backlog,
    Claim,
    Claimed,
    Delivery,
    DeliveryFilter,
    DeliveryState,
    LaneState,
    LeaseOffer,
    Outcome,
    Owed,
    OwedDelivery,
    OwedEvent,
    Written,
)
from .filter import Filter, LabelOperator, LabelTerm, Lookup, Order, select
from .listener import Listener, ListenerChange, ListenerDraft
from .source import Kept, RegisteredSource, SourceChange, SourceDraft, SourceState, SourceStatus
from .template import (
    ANY_TYPE,
    PackagedTemplate,
    PartForm,
    Template,
    TemplateChange,
    TemplateDraft,
    TemplateOrigin,
)
from .user import Operation, User

__all__ = [
    "ANY_TYPE",
    "LISTENER_DELETED",
    "SUSPECTED_CRASHES",
    "Attempt",
    "Attempted",
    "Backlog",
    "Claim",
    "Claimed",
    "Delivery",
    "DeliveryFilter",
    "DeliveryState",
    "Filter",
    "Kept",
    "LabelOperator",
    "LabelTerm",
    "LaneState",
    "LeaseOffer",
    "Listener",
    "ListenerChange",
    "ListenerDraft",
    "Lookup",
    "Operation",
    "Order",
    "Outcome",
    "Owed",
    "OwedDelivery",
    "OwedEvent",
    "PackagedTemplate",
    "PartForm",
    "RegisteredSource",
    "SourceChange",
    "SourceDraft",
    "SourceState",
    "SourceStatus",
    "Template",
    "TemplateChange",
    "TemplateDraft",
    "TemplateOrigin",
    "User",
    "Written",
    "select",
]
