"""Listeners by the product's own rules: patterns, task events, single tasks, and no config that cannot work."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from ...event import MAX_TYPE_LENGTH, matches_any
from ...listeners import Listeners
from ...records import Listener, Operation
from ..http import body
from ..paths import OWN
from .fields import Portable, PortableObject, validated
from .pages import Page, Paging, next_page, previous_page
from .routes import INVALID, Detail, Routes, Served

_COLLECTION = f"{OWN}listeners/"

EventTypes = Annotated[
    list[str],
    Field(
        description="Event types, or topic patterns: * stands for one word, # for any number. A lone * stands for the "
        "four events of repositories.",
        examples=[["task.error", "repo.#"]],
    ),
]


class SourceOptions(BaseModel):
    """What a listener asks of sources."""

    model_config = ConfigDict(extra="forbid", strict=True)

    include: Annotated[
        list[str],
        Field(
            description="What events are to tell beyond what they always carry, where their source can: content stands "
            "for the names of what was added and removed. 1 to 32 small letters and _ each.",
            examples=[["content"]],
        ),
    ] = []


class ListenerFilter(Paging):
    """Query parameters that choose listeners."""

    notifier_type: Annotated[str | None, Field(description="Only those of this notifier.")] = None
    event_type: Annotated[
        str | None, Field(description="Only those that want events of this type.", max_length=MAX_TYPE_LENGTH)
    ] = None
    task_id: Annotated[UUID | None, Field(description="Only those on this task.")] = None


class NewListener(BaseModel):
    """A listener to register."""

    model_config = ConfigDict(extra="forbid", strict=True)

    notifier_type: Annotated[str, Field(description="Name of an installed notifier.", examples=["http"])]
    config: Annotated[PortableObject, Field(description="The notifier's options.")] = {}
    event_types: EventTypes
    task_id: Annotated[
        UUID | None,
        Field(
            description="Only events of this task; the listener removes itself when the task has ended.", strict=False
        ),
    ] = None
    source_options: Annotated[SourceOptions, Field(description="What is asked of sources.")] = SourceOptions()


class ListenerChanges(BaseModel):
    """What is to be different about a listener."""

    model_config = ConfigDict(extra="forbid", strict=True)

    config: Annotated[
        dict[str, Any] | None,
        Field(description="Options to overwrite; null removes one, and a secret sent as ***** stays."),
        Portable,
    ] = None
    event_types: EventTypes | None = None
    source_options: Annotated[SourceOptions | None, Field(description="Replaces the old ones.")] = None


class ListenerDocument(BaseModel):
    """A registered listener."""

    pulp_href: str
    id: Annotated[str, Field(description="24 hexadecimal digits.")]
    notifier_type: str
    config: Annotated[dict[str, Any], Field(description="The notifier's options; secrets read *****.")]
    event_types: list[str]
    task_id: Annotated[str | None, Field(description="Only events of this task.")]
    source_options: SourceOptions


class ListenersV3:
    """The routes below ``listeners/``."""

    def __init__(self, listeners: Listeners, max_body_bytes: int) -> None:
        self._listeners = listeners
        self._max_body_bytes = max_body_bytes

    def add_to(self, routes: Routes) -> None:
        """Add the routes."""
        listing: dict[str, Any] = {"name": "listeners_list", "summary": "List listeners, oldest first"}
        reading: dict[str, Any] = {"name": "listeners_read", "summary": "Show a listener", "responses": _MISSING}
        routes.add_several(
            _COLLECTION,
            Served(Operation.READ, self._list, {**listing, "responses": INVALID}),
            Served(Operation.CREATE, self._create, _CREATING),
        )
        routes.add_several(
            f"{_COLLECTION}{{listener_id}}/",
            Served(Operation.READ, self._get, reading),
            Served(Operation.UPDATE, self._update, _UPDATING),
            Served(Operation.DELETE, self._delete, _DELETING),
        )

    def _list(self, request: Request, wanted: Annotated[ListenerFilter, Query()]) -> Page[ListenerDocument]:
        found = [listener for listener in self._listeners.list() if _fits(listener, wanted)]
        return Page[ListenerDocument](
            count=len(found),
            next=next_page(request, wanted, len(found)),
            previous=previous_page(request, wanted),
            results=[self._document(each) for each in found[wanted.offset : wanted.offset + wanted.limit]],
        )

    def _get(self, listener_id: str) -> ListenerDocument:
        return self._document(self._listeners.get(listener_id))

    async def _create(self, request: Request, response: Response) -> ListenerDocument:
        sent = await body.read(request, self._max_body_bytes)
        document = await run_in_threadpool(self._created, sent)
        response.headers["Location"] = document.pulp_href
        return document

    async def _update(self, request: Request, listener_id: str) -> ListenerDocument:
        sent = await body.read(request, self._max_body_bytes)
        return await run_in_threadpool(self._updated, listener_id, sent)

    def _delete(self, listener_id: str) -> None:
        self._listeners.delete(listener_id)

    def _created(self, sent: bytes) -> ListenerDocument:
        new = validated(NewListener, body.parse_object(sent))
        task_id = None if new.task_id is None else str(new.task_id)
        include = new.source_options.include
        made = self._listeners.register(new.notifier_type, new.config, new.event_types, task_id, include)
        return self._document(made)

    def _updated(self, listener_id: str, sent: bytes) -> ListenerDocument:
        changes = validated(ListenerChanges, body.parse_object(sent))
        include = None if changes.source_options is None else changes.source_options.include
        return self._document(self._listeners.amend(listener_id, changes.config, changes.event_types, include))

    def _document(self, listener: Listener) -> ListenerDocument:
        return ListenerDocument(
            pulp_href=f"{_COLLECTION}{listener.id}/",
            id=listener.id,
            notifier_type=listener.notifier_type,
            config=self._listeners.shown_config(listener),
            event_types=list(listener.event_types),
            task_id=listener.task_id,
            source_options=SourceOptions(include=list(listener.include)),
        )


def _fits(listener: Listener, wanted: ListenerFilter) -> bool:
    return (
        wanted.notifier_type in (None, listener.notifier_type)
        and (wanted.event_type is None or matches_any(listener.event_types, wanted.event_type))
        and (wanted.task_id is None or str(wanted.task_id) == listener.task_id)
    )


def _inlined(schema: Any, definitions: dict[str, Any]) -> Any:
    # References of pydantic begin at the body's schema, those of OpenAPI at the whole document.
    if isinstance(schema, list):
        return [_inlined(item, definitions) for item in schema]
    if not isinstance(schema, dict):
        return schema
    parts = {key: _inlined(value, definitions) for key, value in schema.items() if key != "$ref"}
    if "$ref" not in schema:
        return parts
    return {**_inlined(definitions[schema["$ref"].rpartition("/")[2]], definitions), **parts}


def _body(model: type[BaseModel]) -> dict[str, Any]:
    schema = model.model_json_schema()
    schema = _inlined(schema, schema.pop("$defs", {}))
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


_TOO_LARGE: dict[int | str, dict[str, Any]] = {413: {"model": Detail, "description": "The body is too large."}}
_MISSING: dict[int | str, dict[str, Any]] = {404: {"model": Detail, "description": "There is no such listener."}}
_CREATING = {
    "name": "listeners_create",
    "summary": "Register a listener",
    "status_code": 201,
    "responses": {**INVALID, **_TOO_LARGE},
    "openapi_extra": _body(NewListener),
}
_UPDATING = {
    "name": "listeners_update",
    "summary": "Change a listener",
    "responses": {**INVALID, **_TOO_LARGE, **_MISSING},
    "openapi_extra": _body(ListenerChanges),
}
_DELETING = {
    "name": "listeners_delete",
    "summary": "Delete a listener",
    "status_code": 204,
    "responses": _MISSING,
}
