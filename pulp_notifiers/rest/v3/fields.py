"""Types of fields that several models have."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, Field, WithJsonSchema
from pydantic.config import JsonDict

from ... import listener_fields
from ...encoding import unportable
from ...event import (
    ANY_REPOSITORY_EVENT,
    MAX_TYPE_LENGTH,
    REPO_VERSION_CREATED,
    REPOSITORY_EVENT_TYPES,
    TASK_EVENT_TYPES,
    is_event_type,
)
from ...listeners import LABEL_KEY_PATTERN, MAX_LABEL_LENGTH, MAX_LABELS
from ...records import ID_PATTERN, MAX_DESCRIPTION, NAME_PATTERN
from ..openapi import TEXT

_WORD = "[A-Za-z0-9_-]+"
_PATTERN_WORD = f"(?:{_WORD}|[*#])"
_KNOWN_TYPES = (*REPOSITORY_EVENT_TYPES, REPO_VERSION_CREATED, *TASK_EVENT_TYPES)
_FIRST_WORDS = "|".join(sorted({name.partition(".")[0] for name in _KNOWN_TYPES}))

_TYPE_SCHEMA = {"type": "string", "pattern": f"^{_WORD}(?:\\.{_WORD})*$", "maxLength": MAX_TYPE_LENGTH}
_PATTERNS_SCHEMA = {
    "type": "array",
    "minItems": 1,
    "items": {
        "type": "string",
        "maxLength": MAX_TYPE_LENGTH,
        "anyOf": [
            {"enum": list(_KNOWN_TYPES)},
            # Patterns, and types of other programs; one that begins like ours is a misspelt one of ours.
            {"pattern": f"^(?:{_PATTERN_WORD}\\.)*[*#](?:\\.{_PATTERN_WORD})*$"},
            {"pattern": _TYPE_SCHEMA["pattern"], "not": {"pattern": f"^(?:{_FIRST_WORDS})(?:\\.|$)"}},
        ],
    },
}

NO_TYPES_OF_PULP_2_FOR_A_TASK: JsonDict = {
    "if": {"properties": {"task_id": {"type": "string"}}, "required": ["task_id"]},
    "then": {
        "properties": {"event_types": {"items": {"not": {"enum": [ANY_REPOSITORY_EVENT, *REPOSITORY_EVENT_TYPES]}}}}
    },
}
"""JSON Schema: a listener for one task names no types of Pulp 2."""


def _event_type(value: str) -> str:
    if not is_event_type(value):
        raise ValueError(
            f"Write an event type such as repo.sync.finish: words of letters, digits, _ and -, joined by dots, at most "
            f"{MAX_TYPE_LENGTH} characters."
        )
    return value


def _portable(value: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    problem = unportable(value)
    if problem:
        raise ValueError(problem)
    return value


EventType = Annotated[str, AfterValidator(_event_type), WithJsonSchema(_TYPE_SCHEMA)]

EventTypes = Annotated[list[str], WithJsonSchema(_PATTERNS_SCHEMA)]
"""Event types and patterns of a listener; the rules check them."""

Included = Annotated[str, WithJsonSchema({"type": "string", "pattern": "^[a-z_]{1,32}$"})]
"""What a listener asks sources to include; the rules check it."""

SourceName = Annotated[str, WithJsonSchema({"type": "string", "pattern": f"^{NAME_PATTERN}$"})]
"""The name of a source; the rules check it."""

ListenerName = Annotated[str, WithJsonSchema({"type": "string", "pattern": f"^(?!{ID_PATTERN}$){NAME_PATTERN}$"})]
"""The name of a listener; the rules check it."""

ListenerReference = Annotated[str, WithJsonSchema({"type": "string", "pattern": f"^{NAME_PATTERN}$"})]
"""The id or the name of a listener."""

Labels = Annotated[
    dict[str, str],
    WithJsonSchema(
        {
            "type": "object",
            "maxProperties": MAX_LABELS,
            "propertyNames": {"pattern": f"^{LABEL_KEY_PATTERN}$", "maxLength": MAX_LABEL_LENGTH},
            "additionalProperties": {**TEXT, "maxLength": MAX_LABEL_LENGTH},
        }
    ),
]
"""Labels; the rules check them."""

PortableText = Annotated[str, WithJsonSchema(TEXT)]
"""A text that every receiver and database supports; the rules check it."""

Description = Annotated[
    PortableText, Field(description=listener_fields.DESCRIPTION, json_schema_extra={"maxLength": MAX_DESCRIPTION})
]
"""The description of a listener or template; the rules check it."""

PortableObject = Annotated[dict[str, Any], AfterValidator(_portable)]
"""An object that every receiver and database supports."""

PortableObjectOrNull = Annotated[dict[str, Any] | None, AfterValidator(_portable)]

DroppedSecrets = Annotated[
    list[str],
    Field(
        description="Secret options that were removed, because the change sends them to another scheme, host or port "
        "without giving them; send them again if the new destination needs them."
    ),
]
