"""Listeners by the product's own rules: patterns, task events, single tasks, and configs that are checked."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, ClassVar, Self
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from ... import listener_fields
from ...event import MAX_TYPE_LENGTH, matches_any
from ...listeners import OwnListeners
from ...records import (
    ErrorKind,
    KeptAnswer,
    Listener,
    ListenerChange,
    ListenerDraft,
    ListenerErrors,
    Operation,
    select,
)
from ..http.answers import dropped_secrets_header
from ..http.etags import EntityTag
from ..paths import OWN
from ..routes import Handler, Routes
from .bodies import Body, accepts, parsed_partly
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
from .filters import Flag, LabelSelect, ListQuery, Text, Time, Uuid, filterable
from .idempotency import REPEATABLE, Creation, MayRepeat
from .pages import Page
from .preconditions import CHANGED, CREATED, DELETED, READ, Demanded, tagged, unless_known
from .style import INVALID, refusal

_COLLECTION = f"{OWN}listeners/"
_STATUS = {"condition_errors", "template_errors"}
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
            "pulp_href": f"{_COLLECTION}{listener.id}/",
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


@filterable(
    Text("name"),
    Text("notifier_type"),
    Flag("enabled"),
    Uuid("task_id", nullable=True),
    Text("template", nullable=True),
    LabelSelect(),
    Time("pulp_created", "created_at", nullable=True),
    Time("pulp_last_updated", "changed_at", nullable=True),
    ordering={
        **{name: name for name in ("name", "notifier_type", "enabled", "task_id", "template")},
        "pulp_created": "created_at",
        "pulp_last_updated": "changed_at",
    },
)
class ListenerQuery(ListQuery):
    """Query parameters that choose listeners."""

    event_type: Annotated[
        str | None, Field(description="Only those that match events of this type.", max_length=MAX_TYPE_LENGTH)
    ] = None


class ListenersV3:
    """The routes below ``listeners/``."""

    def __init__(self, listeners: OwnListeners) -> None:
        self._listeners = listeners

    def add_to(self, routes: Routes) -> None:
        """Add the routes."""
        routes.add(
            _COLLECTION,
            Handler(Operation.READ, self._list, _LIST),
            Handler(Operation.CREATE, self._create, _CREATE),
        )
        routes.add(
            f"{_COLLECTION}{{listener_id}}/",
            Handler(Operation.READ, self._get, _READ),
            Handler(Operation.UPDATE, self._update, _UPDATE),
            Handler(Operation.DELETE, self._delete, _DELETE),
        )

    def _list(self, request: Request, query: Annotated[ListenerQuery, Query()]) -> Page[ListenerDocument]:
        listeners = select(self._listeners.list(), query.filters, query.orders)
        found = [each for each in listeners if query.event_type is None or _listens(each, query.event_type)]
        shown = query.cut(found)
        errors = self._listeners.errors(*shown)
        documents = (self._document(listener, errors) for listener in shown)
        return Page[ListenerDocument].of(request, query, len(found), documents)

    def _get(self, request: Request, response: Response, listener_id: str) -> ListenerDocument:
        listener = self._listeners.find(listener_id)
        document = self._document(listener)
        return unless_known(request, response, document, self._tag(listener, document))

    def _create(self, sent: Body, request: MayRepeat) -> Response:
        with request.once(sent) as creation:
            new, found = parsed_partly(NewListener, sent, NewListener.STAND_INS)
            self._listeners.create(new.draft(), lambda listener: self._created(creation, listener), found)
        return creation.response

    def _created(self, creation: Creation, listener: Listener) -> KeptAnswer | None:
        document = self._document(listener, {})  # nothing has failed yet
        headers = {"Location": document.pulp_href, "ETag": str(self._tag(listener, document))}
        return creation.answered(201, document, headers)

    def _update(self, response: Response, listener_id: str, sent: Body, demanded: Demanded) -> ChangedListener:
        changes, found = parsed_partly(ListenerChanges, sent, {})
        listener = self._listeners.update(
            self._listeners.find(listener_id).id,
            changes.change(),
            lambda stored: demanded.require(self._tag(stored)),
            found,
        )
        response.headers.update(dropped_secrets_header(listener.dropped_secrets))
        document = self._document(listener)
        changed = ChangedListener(**document.model_dump(), dropped_secrets=list(listener.dropped_secrets))
        return tagged(response, changed, self._tag(listener, document))

    def _delete(self, listener_id: str, demanded: Demanded) -> None:
        self._listeners.delete(self._listeners.find(listener_id).id, lambda stored: demanded.require(self._tag(stored)))

    def _tag(self, listener: Listener, document: ListenerDocument | None = None) -> EntityTag:
        # What failed is the status, and counted without a change. With the time, because secrets are masked.
        content = self._document(listener, {}).model_dump(mode="json")
        return EntityTag.of(content, None if document is None else document.model_dump(mode="json", include=_STATUS))

    def _document(
        self, listener: Listener, errors: Mapping[tuple[str, ErrorKind], ListenerErrors] | None = None
    ) -> ListenerDocument:
        found = self._listeners.errors(listener) if errors is None else errors
        return ListenerDocument.of(
            listener, self._listeners.shown_config(listener), found, self._listeners.warnings(listener)
        )


def _listens(listener: Listener, event_type: str) -> bool:
    return matches_any(listener.event_types, event_type)


_MISSING = refusal(404, "No listener has this id or name.")
_LIST = {"name": "listeners_list", "summary": "List listeners, oldest first", "responses": INVALID}
_READ = {"name": "listeners_read", "summary": "Show a listener", "responses": {**READ, **_MISSING}}
_CREATE = accepts(
    NewListener,
    name="listeners_create",
    summary="Register a listener",
    status_code=201,
    response_model=ListenerDocument,
    responses={**CREATED, **REPEATABLE},
)
_UPDATE = accepts(
    ListenerChanges, name="listeners_update", summary="Change a listener", responses={**CHANGED, **_MISSING}
)
_DELETE = {
    "name": "listeners_delete",
    "summary": "Delete a listener",
    "status_code": 204,
    "responses": {**INVALID, **_MISSING, **DELETED},
}
