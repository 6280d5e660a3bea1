"""What is stored, as frozen records.

::

    listener    listeners, drafts of new ones, changes, and what failed
    naming      names and descriptions of listeners, templates and sources
    listener_name    names of listeners: no ids, and made-up ones
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
    is_listener_id,
    is_listener_name,
    made_up_name,
    numbered_name,
)
from .naming import MAX_DESCRIPTION, NAME_PATTERN, description_problem, is_name, name_problem
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
    "MAX_DESCRIPTION",
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
    "description_problem",
    "is_listener_id",
    "is_listener_name",
    "is_name",
    "made_up_name",
    "name_problem",
    "numbered_name",
    "outdated_errors",
    "select",
]
