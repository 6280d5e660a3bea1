"""Listeners by the product's own rules: patterns, task events, single tasks, and configs that are checked."""

from typing import Annotated, Any, Self
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from ...event import MAX_TYPE_LENGTH, matches_any
from ...listeners import OwnListeners
from ...records import Listener, ListenerChange, ListenerDraft, Operation
from ..paths import OWN
from ..routes import Handler, Routes
from .bodies import Body, accepts, parsed
from .fields import PortableObject
from .pages import Page, Paging
from .partial import partial
from .style import INVALID, refusal

_COLLECTION = f"{OWN}listeners/"


class SourceOptions(BaseModel):
    """What a listener asks of sources."""

    model_config = ConfigDict(extra="forbid", strict=True)

    include: Annotated[
        list[str],
        Field(
            description="What sources that can do so add to the events: content adds the names of what was added and "
            "removed. Each has 1 to 32 lower-case letters and _.",
            examples=[["content"]],
        ),
    ] = []


class ListenerFields(BaseModel):
    """The fields of a listener that can be changed."""

    model_config = ConfigDict(extra="forbid", strict=True)

    config: Annotated[PortableObject, Field(description="The notifier's options; secrets are shown as *****.")] = {}
    event_types: Annotated[
        list[str],
        Field(
            description="Event types, or topic patterns: * matches one word, # any number. A single * matches the four "
            "repository events.",
            examples=[["task.error", "repo.#"]],
        ),
    ]
    source_options: Annotated[SourceOptions, Field(description="What the listener asks of sources.")] = SourceOptions()

    def record_fields(self) -> dict[str, Any]:
        """Return the given fields, with the names and types that they have in the records."""
        given = {name: getattr(self, name) for name in self.model_fields_set}
        options = given.pop("source_options", None)
        given |= {} if options is None else {"include": options.include}
        return {name: tuple(value) if isinstance(value, list) else value for name, value in given.items()}


class NewListener(ListenerFields):
    """A listener to register."""

    notifier_type: Annotated[str, Field(description="Name of an installed notifier.", examples=["http"])]
    task_id: Annotated[
        UUID | None,
        Field(description="Only events of this task; the listener removes itself when the task ends.", strict=False),
    ] = None

    def draft(self) -> ListenerDraft:
        """Return the draft for :meth:`.OwnListeners.create`."""
        task_id = None if self.task_id is None else str(self.task_id)
        return ListenerDraft(**{"config": self.config, **self.record_fields(), "task_id": task_id})


class ListenerChanges(partial(ListenerFields)):  # type: ignore[misc]  # its fields are those of its parent, optional
    """Changes of a listener; fields that are absent or null stay."""

    def change(self) -> ListenerChange:
        """Return the change for :meth:`.OwnListeners.update`."""
        return ListenerChange(**self.record_fields())


class ListenerDocument(ListenerFields):
    """A registered listener."""

    pulp_href: str
    id: Annotated[str, Field(description="24 hexadecimal digits.")]
    notifier_type: str
    task_id: Annotated[str | None, Field(description="Only events of this task.")]

    @classmethod
    def of(cls, listener: Listener, shown_config: dict[str, Any]) -> Self:
        """Return the document of a listener.

        :param shown_config: its config with masked secrets.
        """
        named = {name: getattr(listener, name) for name in cls.model_fields if hasattr(listener, name)}
        plain = {name: list(value) if isinstance(value, tuple) else value for name, value in named.items()}
        further: dict[str, Any] = {
            "pulp_href": f"{_COLLECTION}{listener.id}/",
            "config": shown_config,
            "source_options": SourceOptions(include=list(listener.include)),
        }
        return cls(**{**plain, **further})


class ListenerFilter(Paging):
    """Query parameters that choose listeners."""

    notifier_type: Annotated[str | None, Field(description="Only those of this notifier.")] = None
    event_type: Annotated[
        str | None, Field(description="Only those that match events of this type.", max_length=MAX_TYPE_LENGTH)
    ] = None
    task_id: Annotated[UUID | None, Field(description="Only those for this task.")] = None


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

    def _list(self, request: Request, query: Annotated[ListenerFilter, Query()]) -> Page[ListenerDocument]:
        found = [listener for listener in self._listeners.list() if _matches(listener, query)]
        return Page[ListenerDocument].of(request, query, len(found), map(self._document, query.cut(found)))

    def _get(self, listener_id: str) -> ListenerDocument:
        return self._document(self._listeners.get(listener_id))

    def _create(self, response: Response, sent: Body) -> ListenerDocument:
        document = self._document(self._listeners.create(parsed(NewListener, sent).draft()))
        response.headers["Location"] = document.pulp_href
        return document

    def _update(self, listener_id: str, sent: Body) -> ListenerDocument:
        return self._document(self._listeners.update(listener_id, parsed(ListenerChanges, sent).change()))

    def _delete(self, listener_id: str) -> None:
        self._listeners.delete(listener_id)

    def _document(self, listener: Listener) -> ListenerDocument:
        return ListenerDocument.of(listener, self._listeners.shown_config(listener))


def _matches(listener: Listener, query: ListenerFilter) -> bool:
    return (
        query.notifier_type in (None, listener.notifier_type)
        and (query.event_type is None or matches_any(listener.event_types, query.event_type))
        and (query.task_id is None or str(query.task_id) == listener.task_id)
    )


_MISSING = refusal(404, "No listener has this id.")
_LIST = {"name": "listeners_list", "summary": "List listeners, oldest first", "responses": INVALID}
_READ = {"name": "listeners_read", "summary": "Show a listener", "responses": _MISSING}
_CREATE = accepts(NewListener, name="listeners_create", summary="Register a listener", status_code=201)
_UPDATE = accepts(ListenerChanges, name="listeners_update", summary="Change a listener", responses=_MISSING)
_DELETE = {"name": "listeners_delete", "summary": "Delete a listener", "status_code": 204, "responses": _MISSING}
