"""What is stored, as frozen records.

::

    listener    listeners, drafts of new ones, changes, and what failed
    listener_name    the form of names, and made-up ones
    source      sources, drafts of new ones, changes, and their status
    delivery    deliveries, claims, attempts and their outcomes
    event       events as they are listed
    template    templates, and the forms of their parts
    user        users, and the operations that a grant permits
    answer      answers to requests that may be repeated
    filter      which records of a list to show, in which order
"""

from .answer import KEPT_FOR, KeptAnswer
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
    Pruned,
    Written,
)
from .event import StoredEvent
from .filter import Filter, LabelOperator, LabelTerm, Lookup, Order, select
from .listener import ErrorKind, Listener, ListenerChange, ListenerDraft, ListenerErrors, outdated_errors
from .listener_name import (
    ID_PATTERN,
    NAME_PATTERN,
    is_listener_id,
    is_listener_name,
    made_up_name,
    numbered_name,
)
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
    "ID_PATTERN",
    "KEPT_FOR",
    "LISTENER_DELETED",
    "NAME_PATTERN",
    "SUSPECTED_CRASHES",
    "Attempt",
    "Attempted",
    "Backlog",
    "Claim",
    "Claimed",
    "Delivery",
    "DeliveryFilter",
    "DeliveryState",
    "ErrorKind",
    "Filter",
    "Kept",
    "KeptAnswer",
    "LabelOperator",
    "LabelTerm",
    "LaneState",
    "LeaseOffer",
    "Listener",
    "ListenerChange",
    "ListenerDraft",
    "ListenerErrors",
    "Lookup",
    "Operation",
    "Order",
    "Outcome",
    "Owed",
    "OwedDelivery",
    "OwedEvent",
    "PackagedTemplate",
    "PartForm",
    "Pruned",
    "RegisteredSource",
    "SourceChange",
    "SourceDraft",
    "SourceState",
    "SourceStatus",
    "StoredEvent",
    "Template",
    "TemplateChange",
    "TemplateDraft",
    "TemplateOrigin",
    "User",
    "Written",
    "is_listener_id",
    "is_listener_name",
    "made_up_name",
    "numbered_name",
    "outdated_errors",
    "select",
]
