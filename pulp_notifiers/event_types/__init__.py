"""The catalogue of event types: what each means, the schema of its body, recorded samples; and what an event says.

::

    descriptions  when each type is fired
    catalogue     the types that are known, loaded when they are first asked for
    schemas       JSON Schema of their bodies
    samples       recorded events, a JSON file for each type
    names         which names exist in the events that patterns match
    field_list    the fields of a schema as a flat list
    trial         evaluates something against every matching sample
    reading       what people want to know about an event
"""

from .catalogue import EventType, Sample, UnknownEventType, event_type, known_types, matching, sample
from .field_list import Field, fields
from .names import name_problems
from .reading import ABOUT_SCHEMA, about
from .trial import Tried, check

__all__ = [
    "ABOUT_SCHEMA",
    "EventType",
    "Field",
    "Sample",
    "Tried",
    "UnknownEventType",
    "about",
    "check",
    "event_type",
    "fields",
    "known_types",
    "matching",
    "name_problems",
    "sample",
]
