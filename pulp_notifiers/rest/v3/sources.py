"""Lists, adds, changes, removes and tests sources."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated, Any

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from ...errors import InvalidSource, SourceUnavailable
from ...records import (
    KeptAnswer,
    Lookup,
    Operation,
    RegisteredSource,
    SourceChange,
    SourceDraft,
    SourceState,
    SourceStatus,
    select,
)
from ...source import Check
from ...sources import Sources
from ..http.answers import dropped_secrets_header
from ..http.errors import InvalidFields
from ..http.etags import EntityTag
from ..paths import OWN
from ..routes import Handler, Routes
from .bodies import Body, accepts, parsed, parsed_partly
from .fields import DroppedSecrets, PortableObject, SourceName
from .filters import ListQuery, Text, Time, filterable
from .idempotency import REPEATABLE, Creation, MayRepeat
from .pages import Page
from .preconditions import CHANGED, CREATED, DELETED, READ, Demanded, tagged, unless_known
from .style import INVALID, refusal

_COLLECTION = f"{OWN}sources/"
_FIELDS = {"source_type": "type"}
"""The names here of fields that have another name in the records."""

SourceType = Annotated[str, Field(description="Name of an installed source type.", examples=["pulp3"])]
Config = Annotated[PortableObject, Field(description="The source's options.")]


class NewSource(BaseModel):
    """A source to add."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: Annotated[SourceName, Field(description="Unique: 1 to 64 letters, digits, dots, _ and -.", examples=["zoo"])]
    type: SourceType
    config: Config = {}


class SourceChanges(BaseModel):
    """Changes of a source."""

    model_config = ConfigDict(extra="forbid", strict=True)

    config: Annotated[
        PortableObject,
        Field(
            description="Options to overwrite; null removes one. Secrets that are absent or sent as ***** stay, unless "
            "the change sends them to another scheme, host or port: then they are removed."
        ),
    ]


class SourceTest(BaseModel):
    """Options to test before a source is added."""

    model_config = ConfigDict(extra="forbid", strict=True)

    type: SourceType
    config: Config = {}


class SourceDocument(BaseModel):
    """A source and its status."""

    pulp_href: str
    pulp_created: datetime
    name: str
    type: str
    config: Annotated[dict[str, Any], Field(description="The source's options; secrets are shown as *****.")]
    state: Annotated[
        SourceState,
        Field(description="running; failing: a process runs it, but it does not work; waiting: no process runs it."),
    ]
    holder: Annotated[str | None, Field(description="The process that runs it, as host:process id:digits.")]
    problem: Annotated[str | None, Field(description="Why it does not work.")]
    problem_since: datetime | None
    facts: Annotated[dict[str, Any], Field(description="What the source reports about itself, such as lag_seconds.")]
    told_at: Annotated[datetime | None, Field(description="When it last reported facts.")]


class ChangedSource(SourceDocument):
    """A source after a change."""

    dropped_secrets: DroppedSecrets


class CheckDocument(BaseModel):
    """The result of one check."""

    subject: str
    passed: bool
    finding: Annotated[str, Field(description="What was found; if the check did not pass, how to fix it.")]


class ChecksDocument(BaseModel):
    """The result of a test."""

    passed: Annotated[bool, Field(description="Whether every check passed.")]
    checks: Annotated[list[CheckDocument], Field(description="In the order they ran; a failed check may be the last.")]


@filterable(
    Text("name"),
    Text("type", "source_type", lookups=(Lookup.EXACT, Lookup.NE, Lookup.IN)),
    Time("pulp_created", "created_at"),
    ordering={"name": "name", "type": "source_type", "pulp_created": "created_at"},
)
class SourceQuery(ListQuery):
    """Query parameters that choose sources."""


class SourcesV3:
    """The routes below ``sources/``, and ``source-tests/``."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources

    def add_to(self, routes: Routes) -> None:
        """Add the routes."""
        one = f"{_COLLECTION}{{name}}/"
        routes.add(
            _COLLECTION,
            Handler(Operation.READ, self._list, _LIST),
            Handler(Operation.CREATE, self._create, _CREATE),
        )
        routes.add(
            one,
            Handler(Operation.READ, self._get, _READ),
            Handler(Operation.UPDATE, self._update, _UPDATE),
            Handler(Operation.DELETE, self._delete, _DELETE),
        )
        routes.add(f"{one}test/", Handler(Operation.CREATE, self._test, _TEST))
        routes.add(f"{OWN}source-tests/", Handler(Operation.CREATE, self._test_options, _TEST_OPTIONS))

    def _list(self, request: Request, paging: Annotated[SourceQuery, Query()]) -> Page[SourceDocument]:
        found = select(self._sources.list(), paging.filters, paging.orders)
        statuses = self._sources.statuses()
        # A source that was removed after it was listed has no status, and is left out.
        shown = [source for source in paging.cut(found) if source.name in statuses]
        documents = [self._document(source, statuses[source.name]) for source in shown]
        return Page[SourceDocument].of(request, paging, len(found), documents)

    def _get(self, request: Request, response: Response, name: str) -> SourceDocument:
        source = self._sources.get(name)
        document = self._document(source, self._sources.status(source))
        return unless_known(request, response, document, self._tag(source, document))

    def _create(self, sent: Body, request: MayRepeat) -> Response:
        with _problems_by_field(), request.once(sent) as creation:
            new, found = parsed_partly(NewSource, sent, {"name": "stand-in", "type": ""})
            draft = SourceDraft(new.name, new.type, new.config)
            self._sources.add(draft, lambda source: self._created(creation, source), found)
        return creation.response

    def _created(self, creation: Creation, source: RegisteredSource) -> KeptAnswer | None:
        document = self._document(source, SourceStatus(SourceState.WAITING))  # no process can run it yet
        headers = {"Location": document.pulp_href, "ETag": str(self._tag(source, document))}
        return creation.answered(201, document, headers)

    def _update(self, response: Response, name: str, sent: Body, demanded: Demanded) -> ChangedSource:
        change = SourceChange(parsed(SourceChanges, sent).config)
        with _problems_by_field():
            source = self._sources.update(name, change, lambda stored: demanded.require(self._tag(stored)))
        response.headers.update(dropped_secrets_header(source.dropped_secrets))
        document = self._document(source, self._sources.status(source))
        changed = ChangedSource(**document.model_dump(), dropped_secrets=list(source.dropped_secrets))
        return tagged(response, changed, self._tag(source, document))

    def _delete(self, name: str, demanded: Demanded) -> None:
        self._sources.remove(name, lambda stored: demanded.require(self._tag(stored)))

    def _tag(self, source: RegisteredSource, document: SourceDocument | None = None) -> EntityTag:
        # With the time, because secrets are masked in the document.
        changed_at = source.changed_at or source.created_at
        content = [source.id, self._sources.shown_config(source), changed_at.isoformat()]
        return EntityTag.of(content, None if document is None else document.model_dump(mode="json"))

    def _test(self, name: str) -> ChecksDocument:
        with _problems_by_field():
            return _checks(self._sources.check(name))

    def _test_options(self, sent: Body) -> ChecksDocument:
        test = parsed(SourceTest, sent)
        with _problems_by_field():
            return _checks(self._sources.check_config(test.type, test.config))

    def _document(self, source: RegisteredSource, status: SourceStatus) -> SourceDocument:
        return SourceDocument(
            pulp_href=f"{_COLLECTION}{source.name}/",
            pulp_created=source.created_at,
            name=source.name,
            type=source.source_type,
            config=self._sources.shown_config(source),
            state=status.state,
            holder=status.holder,
            problem=status.problem,
            problem_since=status.problem_since,
            facts=dict(status.facts),
            told_at=status.reported_at,
        )


@contextmanager
def _problems_by_field() -> Iterator[None]:
    try:
        yield
    except InvalidSource as invalid:
        raise InvalidFields(_renamed(invalid.problems)) from None
    except SourceUnavailable as unavailable:
        raise InvalidFields({"type": [unavailable.reason]}) from None


def _renamed(problems: Mapping[str, list[str]]) -> dict[str, list[str]]:
    return {_FIELDS.get(field, field): sentences for field, sentences in problems.items()}


def _checks(found: Sequence[Check]) -> ChecksDocument:
    return ChecksDocument(
        passed=all(check.passed for check in found),
        checks=[CheckDocument(subject=each.subject, passed=each.passed, finding=each.finding) for each in found],
    )


_MISSING = refusal(404, "No source has this name.")
_LIST = {"name": "sources_list", "summary": "List sources by name", "responses": INVALID}
_READ = {"name": "sources_read", "summary": "Show a source and its status", "responses": {**READ, **_MISSING}}
_CREATE = accepts(
    NewSource,
    name="sources_create",
    summary="Add a source",
    status_code=201,
    response_model=SourceDocument,
    responses={**CREATED, **REPEATABLE},
)
_UPDATE = accepts(
    SourceChanges, name="sources_update", summary="Change options of a source", responses={**CHANGED, **_MISSING}
)
_DELETE = {
    "name": "sources_delete",
    "summary": "Remove a source",
    "status_code": 204,
    "responses": {**INVALID, **_MISSING, **DELETED},
}
_TEST = {
    "name": "sources_test",
    "summary": "Check the requirements of a source",
    "responses": {**INVALID, **_MISSING},
}
_TEST_OPTIONS = accepts(
    SourceTest, name="source_tests_create", summary="Check the requirements of a source before adding it"
)
