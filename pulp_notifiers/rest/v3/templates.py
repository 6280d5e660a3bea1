"""Templates of messages."""

from datetime import datetime
from typing import Annotated, Any, Self

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from ...records import (
    ANY_TYPE,
    NAME_PATTERN,
    KeptAnswer,
    Operation,
    Template,
    TemplateChange,
    TemplateDraft,
    TemplateOrigin,
    select,
)
from ...templates import Saved, Templates
from ..http.etags import EntityTag
from ..paths import OWN
from ..routes import Handler, Routes
from .bodies import Body, accepts, parsed
from .fields import Description, PortableObject, PortableObjectOrNull, PortableText
from .filters import Choice, ListQuery, Text, Time, filterable
from .idempotency import REPEATABLE, Creation, MayRepeat
from .pages import Page
from .preconditions import CHANGED, CREATED, DELETED, READ, Demanded, tagged, unless_known
from .style import INVALID, refusal

COLLECTION = f"{OWN}templates/"

_STATUS = {"problem"}
"""Fields of a template's document that change without a change of the template."""

_Name = Annotated[
    PortableText,
    Field(
        description="Unique: 1 to 64 letters, digits, '.', '_' and '-', beginning with a letter or a digit. With the "
        "name of a notifier's own template, it replaces that one.",
        json_schema_extra={"pattern": f"^{NAME_PATTERN}$"},
        examples=["short-mail"],
    ),
]
_NotifierType = Annotated[PortableText, Field(description="Name of an installed notifier.", examples=["email"])]
_EventTypes = Annotated[
    list[PortableText],
    Field(
        description="Types or patterns of the events for which it is written: it is checked against recorded events of "
        "these. It does not choose events; listeners do.",
        examples=[["repo.sync.finish", "task.#"]],
    ),
]
_PARTS = (
    "Texts by the names of the notifier's parts: a text; for json any JSON whose texts are templates; for headers and "
    "query an object of texts. The documentation lists the parts of each notifier."
)
_EXAMPLE = {"subject": "{{ about.what }}: {{ about.name }}", "text": "{{ about.reason }}"}


class NewTemplate(BaseModel):
    """A template to create."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: _Name
    notifier_type: _NotifierType
    description: Description = ""
    event_types: _EventTypes = [ANY_TYPE]
    parts: Annotated[PortableObject, Field(description=_PARTS, examples=[_EXAMPLE])]

    def draft(self) -> TemplateDraft:
        """Return the draft for :meth:`.Templates.create`."""
        return TemplateDraft(self.name, self.notifier_type, self.parts, self.description, tuple(self.event_types))


class TemplateChanges(BaseModel):
    """Changes of a template; fields that are absent or null stay."""

    model_config = ConfigDict(extra="forbid", strict=True)

    description: Description | None = None
    event_types: _EventTypes | None = None
    parts: Annotated[
        PortableObjectOrNull, Field(description="Parts to replace, each as a whole; null removes one.")
    ] = None

    def change(self) -> TemplateChange:
        """Return the change for :meth:`.Templates.update`."""
        types = None if self.event_types is None else tuple(self.event_types)
        return TemplateChange(self.parts, self.description, types)


class TemplateDocument(BaseModel):
    """A template."""

    pulp_href: str
    name: str
    notifier_type: str
    description: str
    event_types: list[str]
    parts: dict[str, Any]
    origin: Annotated[
        TemplateOrigin,
        Field(description="stored: here; file: in [notifiers] template_dir; packaged: the notifier's own."),
    ]
    pulp_created: Annotated[datetime | None, Field(description="Null unless it is stored.")]
    pulp_last_updated: Annotated[datetime | None, Field(description="Null unless it is stored.")]
    problem: Annotated[
        str | None,
        Field(description="Why it cannot be used by this release, so that listeners get the default; else null."),
    ]

    @classmethod
    def of(cls, template: Template, problem: str | None) -> Self:
        """Return the document of a template."""
        return cls(
            pulp_href=f"{COLLECTION}{template.name}/",
            name=template.name,
            notifier_type=template.notifier_type,
            description=template.description,
            event_types=list(template.event_types),
            parts=dict(template.parts),
            origin=template.origin,
            pulp_created=template.created_at,
            pulp_last_updated=template.changed_at,
            problem=problem,
        )


class SavedTemplate(TemplateDocument):
    """A template after it was created or changed."""

    warnings: Annotated[
        list[str], Field(description="For which recorded events it fails, although it works for others.")
    ]


@filterable(
    Text("name"),
    Text("notifier_type"),
    Choice("origin", TemplateOrigin),
    Time("pulp_created", "created_at", nullable=True),
    Time("pulp_last_updated", "changed_at", nullable=True),
    ordering={
        **{name: name for name in ("name", "notifier_type", "origin")},
        "pulp_created": "created_at",
        "pulp_last_updated": "changed_at",
    },
)
class TemplateQuery(ListQuery):
    """Query parameters that choose templates."""


class TemplatesV3:
    """The routes below ``templates/``, without previews."""

    def __init__(self, templates: Templates) -> None:
        self._templates = templates

    def add_to(self, routes: Routes) -> None:
        """Add the routes."""
        routes.add(
            COLLECTION,
            Handler(Operation.READ, self._list, _LIST),
            Handler(Operation.CREATE, self._create, _CREATE),
        )
        routes.add(
            f"{COLLECTION}{{name}}/",
            Handler(Operation.READ, self._get, _READ),
            Handler(Operation.UPDATE, self._update, _UPDATE),
            Handler(Operation.DELETE, self._delete, _DELETE),
        )

    def _list(self, request: Request, query: Annotated[TemplateQuery, Query()]) -> Page[TemplateDocument]:
        found = select(self._templates.list(), query.filters, query.orders)
        return Page[TemplateDocument].of(request, query, len(found), map(self._document, query.cut(found)))

    def _get(self, request: Request, response: Response, name: str) -> TemplateDocument:
        document = self._document(self._templates.get(name))
        return unless_known(request, response, document, _tag(document))

    def _create(self, sent: Body, request: MayRepeat) -> Response:
        with request.once(sent) as creation:
            draft = parsed(NewTemplate, sent).draft()
            self._templates.create(draft, lambda saved: self._created(creation, saved))
        return creation.response

    def _created(self, creation: Creation, saved: Saved) -> KeptAnswer | None:
        document = self._saved(saved)
        headers = {"Location": document.pulp_href, "ETag": str(_tag(document))}
        return creation.answered(201, document, headers)

    def _update(self, response: Response, name: str, sent: Body, demanded: Demanded) -> SavedTemplate:
        change = parsed(TemplateChanges, sent).change()
        saved = self._templates.update(name, change, lambda stored: demanded.require(_content_tag(stored)))
        document = self._saved(saved)
        return tagged(response, document, _tag(document))

    def _delete(self, name: str, demanded: Demanded) -> None:
        self._templates.delete(name, lambda stored: demanded.require(_content_tag(stored)))

    def _saved(self, saved: Saved) -> SavedTemplate:
        return SavedTemplate(**self._document(saved.template).model_dump(), warnings=list(saved.warnings))

    def _document(self, template: Template) -> TemplateDocument:
        return TemplateDocument.of(template, self._templates.problem(template))


def _content_tag(template: Template) -> EntityTag:
    """Return the tag without status: to find out whether a template can be used takes too long for a transaction."""
    return EntityTag.of(_content(TemplateDocument.of(template, None)))


def _tag(document: TemplateDocument) -> EntityTag:
    return EntityTag.of(_content(document), document.model_dump(mode="json", include=_STATUS))


def _content(document: TemplateDocument) -> dict[str, Any]:
    return document.model_dump(mode="json", exclude={*_STATUS, "warnings"})


_MISSING = refusal(404, "No template has this name.")
_LIST = {"name": "templates_list", "summary": "List templates by name", "responses": INVALID}
_READ = {"name": "templates_read", "summary": "Show a template", "responses": {**READ, **_MISSING}}
_CREATE = accepts(
    NewTemplate,
    name="templates_create",
    summary="Create a template",
    status_code=201,
    response_model=SavedTemplate,
    responses={**CREATED, **REPEATABLE},
)
_UPDATE = accepts(
    TemplateChanges, name="templates_update", summary="Change a template", responses={**CHANGED, **_MISSING}
)
_DELETE = {
    "name": "templates_delete",
    "summary": "Delete a template",
    "status_code": 204,
    "responses": {
        **INVALID,
        **_MISSING,
        **DELETED,
        **refusal(409, "Listeners use the template, and its name would mean none for them."),
    },
}
