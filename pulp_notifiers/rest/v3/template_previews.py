"""Previews: what a template makes of an event."""

from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request

from ...listeners import OwnListeners
from ...notifier import ListenerInfo
from ...records import ANY_TYPE, Operation, TemplateDraft
from ...templates import PartProblem, Previews, Templates, info_of
from ..http.errors import InvalidFields
from ..paths import OWN
from ..routes import Handler, Routes
from .bodies import Body, accepts, parsed
from .fields import EventType, Labels, PortableObject, PortableText
from .further_permissions import FurtherPermissions
from .style import refusal
from .templates import COLLECTION


class PreviewOf(BaseModel):
    """With what a template is rendered."""

    model_config = ConfigDict(extra="forbid", strict=True)

    event: Annotated[
        UUID | None, Field(description="Id of a past event; without it, a recorded one is used.", strict=False)
    ] = None
    event_type: Annotated[
        EventType | None,
        Field(
            description="Type of the recorded event; absent: the first for which the template is written.",
            examples=["repo.sync.finish"],
        ),
    ] = None
    sample: Annotated[
        PortableText | None,
        Field(description="Name of the recorded event, as event-types/ lists them; absent: the most common one."),
    ] = None
    listener: Annotated[
        PortableText | None,
        Field(description="Id or name of the listener that gets it; absent: one with every label that is read."),
    ] = None
    labels: Annotated[Labels, Field(description="Further labels of the listener.")] = {}


class PreviewOfParts(PreviewOf):
    """A template that is not stored, and with what it is rendered."""

    notifier_type: Annotated[PortableText, Field(description="Name of an installed notifier.", examples=["email"])]
    parts: Annotated[PortableObject, Field(description="As of a template.")]


class ProblemDocument(BaseModel):
    """What is wrong at one place of a template."""

    part: Annotated[str, Field(description="The part, and the keys below it; empty for the template as a whole.")]
    line: Annotated[int | None, Field(description="Counted from 1; null if no place is to blame.")]
    column: int | None
    problem: str

    @classmethod
    def of(cls, found: PartProblem) -> "ProblemDocument":
        """Return the document of a problem."""
        return cls(part=found.part, line=found.line, column=found.column, problem=found.sentence)


class PreviewDocument(BaseModel):
    """What a template makes of an event."""

    event: Annotated[str, Field(description="Id of the event with which it was rendered.")]
    event_type: str
    parts: Annotated[dict[str, Any], Field(description="The parts that could be rendered.")]
    problems: Annotated[list[ProblemDocument], Field(description="Why the others could not; empty if all is right.")]


class TemplatePreviewsV3:
    """The routes that render previews."""

    def __init__(
        self, templates: Templates, previews: Previews, listeners: OwnListeners, permissions: FurtherPermissions
    ) -> None:
        self._templates = templates
        self._previews = previews
        self._listeners = listeners
        self._permissions = permissions

    def add_to(self, routes: Routes) -> None:
        """Add the routes; before those of single templates, because of their paths."""
        routes.add(f"{COLLECTION}preview/", Handler(Operation.CREATE, self._preview_parts, _PREVIEW_PARTS))
        routes.add(f"{COLLECTION}{{name}}/preview/", Handler(Operation.CREATE, self._preview, _PREVIEW))

    def _preview(self, request: Request, name: str, sent: Body) -> PreviewDocument:
        return self._rendered(request, self._templates.get(name), parsed(PreviewOf, sent))

    def _preview_parts(self, request: Request, sent: Body) -> PreviewDocument:
        wanted = parsed(PreviewOfParts, sent)
        draft = TemplateDraft("preview", wanted.notifier_type, wanted.parts, event_types=(ANY_TYPE,))
        return self._rendered(request, draft, wanted)

    def _rendered(self, request: Request, template: TemplateDraft, wanted: PreviewOf) -> PreviewDocument:
        event_id = None if wanted.event is None else str(wanted.event)
        if event_id is not None:
            if wanted.event_type is not None or wanted.sample is not None:
                raise InvalidFields({"event": ["Give either event, or event_type and sample."]})
            self._permissions.require_read(request, f"{OWN}events/{event_id}/")
        listener = None if wanted.listener is None else self._listener(request, wanted.listener)
        event = self._previews.event(template, event_id, wanted.event_type, wanted.sample)
        found = self._previews.of(template, event, listener, wanted.labels)
        return PreviewDocument(
            event=str(found.event.id),
            event_type=found.event.type,
            parts=dict(found.rendered),
            problems=[ProblemDocument.of(each) for each in found.problems],
        )

    def _listener(self, request: Request, id_or_name: str) -> ListenerInfo:
        self._permissions.require_read(request, f"{OWN}listeners/")
        return info_of(self._listeners.find(id_or_name))


_MISSING = refusal(404, "There is no such template, or no such listener.")
_PREVIEW = accepts(
    PreviewOf, name="templates_preview", summary="Show what a template makes of an event", responses=_MISSING
)
_PREVIEW_PARTS = accepts(
    PreviewOfParts,
    name="templates_preview_parts",
    summary="Show what a template that is not stored makes of an event",
    responses=_MISSING,
)
