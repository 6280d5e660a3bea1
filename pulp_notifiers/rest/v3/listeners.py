"""Listeners by the product's own rules: patterns, task events, single tasks, and configs that are checked."""

from collections.abc import Iterable
from typing import Annotated, Any, Self
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from ...event import MAX_TYPE_LENGTH, matches_any
from ...listeners import OwnListeners
from ...records import Listener, ListenerChange, ListenerDraft, Operation, select
from ..http.answers import dropped_secrets_header
from ..http.etags import EntityTag
from ..paths import OWN
from ..routes import Handler, Routes
from .bodies import Body, accepts, parsed
from .fields import (
    NO_TYPES_OF_PULP_2_FOR_A_TASK,
    DroppedSecrets,
    EventTypes,
    Included,
    PortableObject,
    PortableObjectOrNull,
)
from .filters import ListQuery, Text, Uuid, filterable
from .pages import Page
from .preconditions import FAILED, NOT_MODIFIED, Demanded, tagged, unless_known
from .style import INVALID, refusal

_COLLECTION = f"{OWN}listeners/"


_EventTypes = Annotated[
    EventTypes,
    Field(
        description="Event types, or topic patterns: * matches one word, # any number. A single * matches the four "
        "repository events.",
        examples=[["task.error", "repo.#"]],
    ),
]


class SourceOptions(BaseModel):
    """What a listener asks of sources."""

    model_config = ConfigDict(extra="forbid", strict=True)

    include: Annotated[
        list[Included],
        Field(
            description="What sources that can do so add to the events: content adds the names of what was added and "
            "removed. Each has 1 to 32 lower-case letters and _.",
            examples=[["content"]],
        ),
    ] = []


class NewListener(BaseModel):
    """A listener to register."""

    model_config = ConfigDict(extra="forbid", strict=True, json_schema_extra={"allOf": [NO_TYPES_OF_PULP_2_FOR_A_TASK]})

    notifier_type: Annotated[str, Field(description="Name of an installed notifier.", examples=["http"])]
    config: Annotated[PortableObject, Field(description="The notifier's options.")] = {}
    event_types: _EventTypes
    task_id: Annotated[
        UUID | None,
        Field(description="Only events of this task; the listener removes itself when the task ends.", strict=False),
    ] = None
    source_options: Annotated[SourceOptions, Field(description="What the listener asks of sources.")] = SourceOptions()

    def draft(self) -> ListenerDraft:
        """Return the draft for :meth:`.OwnListeners.create`."""
        return ListenerDraft(**_record_fields(self, NewListener.model_fields))


class ListenerChanges(BaseModel):
    """Changes of a listener; fields that are absent or null stay."""

    model_config = ConfigDict(extra="forbid", strict=True)

    config: Annotated[
        PortableObjectOrNull,
        Field(
            description="Options to overwrite; null removes one. Secrets that are absent or sent as ***** stay, unless "
            "the change sends them to another scheme, host or port: then they are removed."
        ),
    ] = None
    event_types: _EventTypes | None = None
    source_options: Annotated[SourceOptions | None, Field(description="Replaces the old ones.")] = None

    def change(self) -> ListenerChange:
        """Return the change for :meth:`.OwnListeners.update`."""
        return ListenerChange(**_record_fields(self, self.model_fields_set))


class ListenerDocument(BaseModel):
    """A registered listener."""

    pulp_href: str
    id: Annotated[str, Field(description="24 hexadecimal digits.")]
    notifier_type: str
    config: Annotated[dict[str, Any], Field(description="The notifier's options; secrets are shown as *****.")]
    event_types: list[str]
    task_id: Annotated[str | None, Field(description="Only events of this task.")]
    source_options: SourceOptions

    @classmethod
    def of(cls, listener: Listener, shown_config: dict[str, Any]) -> Self:
        """Return the document of a listener.

        :param shown_config: its config with masked secrets.
        """
        made: dict[str, Any] = {
            "pulp_href": f"{_COLLECTION}{listener.id}/",
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
    Text("notifier_type"),
    Uuid("task_id", nullable=True),
    ordering=("notifier_type", "task_id"),
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
        return Page[ListenerDocument].of(request, query, len(found), map(self._document, query.cut(found)))

    def _get(self, request: Request, response: Response, listener_id: str) -> ListenerDocument:
        listener = self._listeners.get(listener_id)
        return unless_known(request, response, self._document(listener), self._tag(listener))

    def _create(self, response: Response, sent: Body) -> ListenerDocument:
        listener = self._listeners.create(parsed(NewListener, sent).draft())
        document = self._document(listener)
        response.headers["Location"] = document.pulp_href
        return tagged(response, document, self._tag(listener))

    def _update(self, response: Response, listener_id: str, sent: Body, demanded: Demanded) -> ChangedListener:
        change = parsed(ListenerChanges, sent).change()
        listener = self._listeners.update(listener_id, change, lambda stored: demanded.require(self._tag(stored)))
        response.headers.update(dropped_secrets_header(listener.dropped_secrets))
        document = self._document(listener).model_dump()
        changed = ChangedListener(**document, dropped_secrets=list(listener.dropped_secrets))
        return tagged(response, changed, self._tag(listener))

    def _delete(self, listener_id: str, demanded: Demanded) -> None:
        self._listeners.delete(listener_id, lambda stored: demanded.require(self._tag(stored)))

    def _tag(self, listener: Listener) -> EntityTag:
        # With the time, because secrets are masked in the document.
        changed_at = None if listener.changed_at is None else listener.changed_at.isoformat()
        return EntityTag.of([self._document(listener).model_dump(mode="json"), changed_at])

    def _document(self, listener: Listener) -> ListenerDocument:
        return ListenerDocument.of(listener, self._listeners.shown_config(listener))


def _listens(listener: Listener, event_type: str) -> bool:
    return matches_any(listener.event_types, event_type)


_MISSING = refusal(404, "No listener has this id.")
_LIST = {"name": "listeners_list", "summary": "List listeners, oldest first", "responses": INVALID}
_READ = {"name": "listeners_read", "summary": "Show a listener", "responses": {**NOT_MODIFIED, **_MISSING}}
_CREATE = accepts(NewListener, name="listeners_create", summary="Register a listener", status_code=201)
_UPDATE = accepts(
    ListenerChanges, name="listeners_update", summary="Change a listener", responses={**_MISSING, **FAILED}
)
_DELETE = {
    "name": "listeners_delete",
    "summary": "Delete a listener",
    "status_code": 204,
    "responses": {**INVALID, **_MISSING, **FAILED},
}
