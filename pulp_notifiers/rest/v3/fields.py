"""Types of fields that several models have."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from ...encoding import unportable
from ...event import MAX_TYPE_LENGTH, is_event_type


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


EventType = Annotated[str, AfterValidator(_event_type)]

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
