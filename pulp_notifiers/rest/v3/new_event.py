"""The model of an event to fire."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from ...event import MAX_TYPE_LENGTH
from .fields import EventType, PortableObject, PortableObjectOrNull


class NewEvent(BaseModel):
    """An event to fire; the object that Pulp 2's http notifier posts."""

    model_config = ConfigDict(extra="forbid")

    event_type: Annotated[
        EventType, Field(description="Dotted name.", examples=["repo.sync.finish"], max_length=MAX_TYPE_LENGTH)
    ]
    payload: Annotated[PortableObject, Field(description="Facts of that type.", examples=[{"repo_id": "zoo"}])]
    call_report: Annotated[PortableObjectOrNull, Field(description="State of the task, as Pulp 2 reported it.")] = None
