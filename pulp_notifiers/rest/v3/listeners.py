"""Listeners by the product's own rules: patterns, task events, single tasks, and no config that cannot work."""

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
from .bodies import Body, parsed, takes
from .fields import PortableObject
from .pages import Page, Paging, next_page, previous_page
from .partial import partial
from .routes import INVALID, Detail, Routes, Served

_COLLECTION = f"{OWN}listeners/"


class SourceOptions(BaseModel):
    """What a listener asks of sources."""

    model_config = ConfigDict(extra="forbid", strict=True)

    include: Annotated[
        list[str],
        Field(
            description="What sources add to the events, if they can: content stands for the names of what was added "
            "and removed. 1 to 32 lower-case letters and _ each.",
            examples=[["content"]],
        ),
    ] = []


class ListenerFields(BaseModel):
    """What can be changed about a listener."""

    model_config = ConfigDict(extra="forbid", strict=True)

    config: Annotated[PortableObject, Field(description="The notifier's options; secrets read *****.")] = {}
    event_types: Annotated[
        list[str],
        Field(
            description="Event types, or topic patterns: * stands for one word, # for any number. A lone * stands for "
            "the four events of repositories.",
            examples=[["task.error", "repo.#"]],
        ),
    ]
    source_options: Annotated[SourceOptions, Field(description="What is asked of sources.")] = SourceOptions()

    def for_rules(self) -> dict[str, Any]:
        """Return the fields that were given, in the names and types of the records."""
        given = {name: getattr(self, name) for name in self.model_fields_set}
        options = given.pop("source_options", None)
        given |= {} if options is None else {"include": options.include}
        return {name: tuple(value) if isinstance(value, list) else value for name, value in given.items()}


class NewListener(ListenerFields):
    """A listener to register."""

    notifier_type: Annotated[str, Field(description="Name of an installed notifier.", examples=["http"])]
    task_id: Annotated[
        UUID | None,
        Field(
            description="Only events of this task; the listener removes itself when the task has ended.", strict=False
        ),
    ] = None

    def draft(self) -> ListenerDraft:
        """Return the draft that the rules take."""
        task_id = None if self.task_id is None else str(self.task_id)
        return ListenerDraft(**{"config": self.config, **self.for_rules(), "task_id": task_id})


class ListenerChanges(partial(ListenerFields)):  # type: ignore[misc]  # its fields are those of its parent, optional
    """What is to be different about a listener; what is left out, or null, stays."""

    def change(self) -> ListenerChange:
        """Return the change that the rules take."""
        return ListenerChange(**self.for_rules())


class ListenerDocument(ListenerFields):
    """A registered listener."""

    pulp_href: str
    id: Annotated[str, Field(description="24 hexadecimal digits.")]
    notifier_type: str
    task_id: Annotated[str | None, Field(description="Only events of this task.")]

    @classmethod
    def of(cls, listener: Listener, shown_config: dict[str, Any]) -> Self:
        """Return the document of a listener.

        :param shown_config: its options as they may be shown.
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
    task_id: Annotated[UUID | None, Field(description="Only those on this task.")] = None


class ListenersV3:
    """The routes below ``listeners/``."""

    def __init__(self, listeners: OwnListeners) -> None:
        self._listeners = listeners

    def add_to(self, routes: Routes) -> None:
        """Add the routes."""
        routes.add_several(
            _COLLECTION,
            Served(Operation.READ, self._list, _LISTING),
            Served(Operation.CREATE, self._create, _CREATING),
        )
        routes.add_several(
            f"{_COLLECTION}{{listener_id}}/",
            Served(Operation.READ, self._get, _READING),
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


def _fits(listener: Listener, wanted: ListenerFilter) -> bool:
    return (
        wanted.notifier_type in (None, listener.notifier_type)
        and (wanted.event_type is None or matches_any(listener.event_types, wanted.event_type))
        and (wanted.task_id is None or str(wanted.task_id) == listener.task_id)
    )


_MISSING: dict[int | str, dict[str, Any]] = {404: {"model": Detail, "description": "No listener has this id."}}
_LISTING = {"name": "listeners_list", "summary": "List listeners, oldest first", "responses": INVALID}
_READING = {"name": "listeners_read", "summary": "Show a listener", "responses": _MISSING}
_CREATING = takes(NewListener, name="listeners_create", summary="Register a listener", status_code=201)
_UPDATING = takes(ListenerChanges, name="listeners_update", summary="Change a listener", responses=_MISSING)
_DELETING = {
    "name": "listeners_delete",
    "summary": "Delete a listener",
    "status_code": 204,
    "responses": _MISSING,
}
