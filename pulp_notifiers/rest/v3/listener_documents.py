"""What clients send and get of a listener."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, ClassVar, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from ... import listener_fields
from ...records import ErrorKind, Listener, ListenerChange, ListenerDraft, ListenerErrors
from ..paths import OWN
from .fields import (
    NO_TYPES_OF_PULP_2_FOR_A_TASK,
    Description,
    DroppedSecrets,
    EventTypes,
    Included,
    Labels,
    ListenerName,
    PortableObject,
    PortableObjectOrNull,
    PortableText,
)

COLLECTION = f"{OWN}listeners/"
STATUS = {"condition_errors", "template_errors"}
"""Fields of a listener's document that change without a change of the listener."""

_EventTypes = Annotated[
    EventTypes,
    Field(description=listener_fields.EVENT_TYPES, examples=[["task.error", "repo.#"]]),
]

_Enabled = Annotated[bool, Field(description=listener_fields.ENABLED)]
_Labels = Annotated[Labels, Field(description=listener_fields.LABELS, examples=[{"team": "storage"}])]


class SourceOptions(BaseModel):
    """What a listener asks of sources."""

    model_config = ConfigDict(extra="forbid", strict=True)

    include: Annotated[
        list[Included],
        Field(description=listener_fields.INCLUDE, examples=[["content"]]),
    ] = []


class NewListener(BaseModel):
    """A listener to register."""

    model_config = ConfigDict(extra="forbid", strict=True, json_schema_extra={"allOf": [NO_TYPES_OF_PULP_2_FOR_A_TASK]})

    notifier_type: Annotated[str, Field(description=listener_fields.NOTIFIER_TYPE, examples=["http"])]
    config: Annotated[PortableObject, Field(description="The notifier's options.")] = {}
    event_types: _EventTypes
    task_id: Annotated[
        UUID | None,
        Field(description=listener_fields.TASK_ID, strict=False),
    ] = None
    source_options: Annotated[SourceOptions, Field(description="What the listener asks of sources.")] = SourceOptions()
    name: Annotated[ListenerName | None, Field(description=listener_fields.NAME)] = None
    description: Description = ""
    enabled: _Enabled = True
    labels: _Labels = {}
    when: Annotated[
        PortableText | None, Field(description=listener_fields.WHEN, examples=[listener_fields.CONDITION])
    ] = None
    template: Annotated[PortableText | None, Field(description=listener_fields.TEMPLATE)] = None

    STAND_INS: ClassVar[Mapping[str, Any]] = {"notifier_type": "", "event_types": ["#"]}

    def draft(self) -> ListenerDraft:
        """Return the draft for :meth:`.OwnListeners.create`."""
        return ListenerDraft(**_record_fields(self, NewListener.model_fields))


class ListenerChanges(BaseModel):
    """Changes of a listener; fields that are absent stay, and those that are null, except when and template."""

    model_config = ConfigDict(extra="forbid", strict=True)

    config: Annotated[
        PortableObjectOrNull,
        PortableText,
        Field(
            description="Options to overwrite; null removes one. Secrets that are absent or sent as ***** stay, unless "
            "the change sends them to another scheme, host or port: then they are removed."
        ),
    ] = None
    event_types: _EventTypes | None = None
    source_options: Annotated[SourceOptions | None, Field(description="Replaces the old ones.")] = None
    name: Annotated[ListenerName | None, Field(description="The new name.")] = None
    description: Description | None = None
    enabled: _Enabled | None = None
    labels: Annotated[Labels | None, Field(description="Replaces the old ones.")] = None
    when: Annotated[
        PortableText | None,
        Field(description=f"{listener_fields.WHEN} Null removes the condition.", examples=[listener_fields.CONDITION]),
    ] = None
    template: Annotated[
        PortableText | None, Field(description=f"{listener_fields.TEMPLATE} Null: the notifier's own again.")
    ] = None

    def change(self) -> ListenerChange:
        """Return the change for :meth:`.OwnListeners.update`."""
        given = _record_fields(self, self.model_fields_set)
        for name in ("when", "template"):
            if name in given and given[name] is None:
                given[name] = ""
        return ListenerChange(**given)


class ErrorCount(BaseModel):
    """How often a condition or template failed since it was last changed, and the last time."""

    count: int
    last_event: Annotated[str | None, Field(description="Id of the event that it failed for last.")] = None
    last_at: datetime | None = None
    last_error: Annotated[str | None, Field(description="Why, in one sentence.")] = None

    @classmethod
    def of(cls, errors: ListenerErrors | None) -> Self:
        """Return the document of what failed."""
        if errors is None:
            return cls(count=0)
        return cls(
            count=errors.count, last_event=errors.event_id, last_at=errors.occurred_at, last_error=errors.problem
        )


class ListenerDocument(BaseModel):
    """A registered listener."""

    pulp_href: str
    id: Annotated[str, Field(description="24 hexadecimal digits.")]
    notifier_type: str
    config: Annotated[dict[str, Any], Field(description="The notifier's options; secrets are shown as *****.")]
    event_types: list[str]
    task_id: Annotated[str | None, Field(description="Only events of this task.")]
    source_options: SourceOptions
    name: Annotated[str | None, Field(description="Unique; it can be given wherever an id can.")]
    description: str
    enabled: Annotated[bool, Field(description="Whether it gets events.")]
    labels: dict[str, str]
    when: Annotated[str | None, Field(description="Its condition; null if it has none.")]
    template: Annotated[str | None, Field(description="Its template; null for the notifier's own.")]
    pulp_created: Annotated[datetime | None, Field(description="Null if an earlier release registered it.")]
    pulp_last_updated: Annotated[datetime | None, Field(description="Null if it did not change since then.")]
    condition_errors: Annotated[
        ErrorCount, Field(description="Events for which its condition could not be evaluated; it did not get them.")
    ]
    template_errors: Annotated[
        ErrorCount, Field(description="Messages for which its template failed; they went out in the default form.")
    ]
    warnings: Annotated[
        list[str], Field(description="What may not be meant in its condition, such as event types that it never fits.")
    ]

    @classmethod
    def of(
        cls,
        listener: Listener,
        shown_config: dict[str, Any],
        errors: Mapping[tuple[str, ErrorKind], ListenerErrors],
        warnings: Sequence[str],
    ) -> Self:
        """Return the document of a listener.

        :param shown_config: its config with masked secrets.
        :param errors: what failed, by listener and kind.
        :param warnings: what may not be meant.
        """
        made: dict[str, Any] = {
            "pulp_href": f"{COLLECTION}{listener.id}/",
            "pulp_created": listener.created_at,
            "pulp_last_updated": listener.changed_at,
            "condition_errors": ErrorCount.of(errors.get((listener.id, ErrorKind.CONDITION))),
            "template_errors": ErrorCount.of(errors.get((listener.id, ErrorKind.TEMPLATE))),
            "warnings": list(warnings),
            "config": shown_config,
            "source_options": SourceOptions(include=list(listener.include)),
        }
        return cls(**made, **{name: getattr(listener, name) for name in cls.model_fields if name not in made})


class ChangedListener(ListenerDocument):
    """A listener after a change."""

    dropped_secrets: DroppedSecrets


def _record_fields(model: BaseModel, names: Iterable[str]) -> dict[str, Any]:
    """Return fields of a model with the names and types that they have in the records."""
    values = {name: _record_value(getattr(model, name)) for name in names}
    options = values.pop("source_options", None)
    return values if options is None else {**values, "include": tuple(options.include)}


def _record_value(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(value)
    return str(value) if isinstance(value, UUID) else value
