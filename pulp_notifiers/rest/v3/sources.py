"""Sources: adding, looking at, testing, changing and removing them."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated, Any

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from ...errors import InvalidSource, SourceUnavailable
from ...records import Operation, RegisteredSource, SourceChange, SourceDraft, SourceState, SourceStatus
from ...source import Check
from ...sources import Sources
from ..http.refusals import InvalidFields
from ..paths import OWN
from .bodies import Body, parsed, takes
from .fields import PortableObject
from .pages import Page, Paging, next_page, previous_page
from .routes import INVALID, Detail, Routes, Served

_COLLECTION = f"{OWN}sources/"
_FIELDS = {"source_type": "type"}
"""Fields whose name differs from that of the engine's."""

SourceType = Annotated[str, Field(description="Name of an installed source type.", examples=["pulp3"])]
Config = Annotated[PortableObject, Field(description="The source's options.")]


class NewSource(BaseModel):
    """A source to add."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: Annotated[str, Field(description="Unique: 1 to 64 letters, digits, dots, _ and -.", examples=["zoo"])]
    type: SourceType
    config: Config = {}


class SourceChanges(BaseModel):
    """What is to be different about a source."""

    model_config = ConfigDict(extra="forbid", strict=True)

    config: Annotated[
        PortableObject, Field(description="Options to overwrite; null removes one, and a secret sent as ***** stays.")
    ]


class TriedSource(BaseModel):
    """Options to test, without a source that has them."""

    model_config = ConfigDict(extra="forbid", strict=True)

    type: SourceType
    config: Config = {}


class SourceDocument(BaseModel):
    """A source that was added, and how it is."""

    pulp_href: str
    pulp_created: datetime
    name: str
    type: str
    config: Annotated[dict[str, Any], Field(description="The source's options; secrets read *****.")]
    state: Annotated[
        SourceState,
        Field(description="running; failing: it is run, and cannot work at the moment; waiting: no process runs it."),
    ]
    holder: Annotated[str | None, Field(description="The process that runs it, as host:process id:digits.")]
    problem: Annotated[str | None, Field(description="Why it cannot work.")]
    problem_since: datetime | None
    facts: Annotated[dict[str, Any], Field(description="What the source tells of itself, such as lag_seconds.")]
    told_at: Annotated[datetime | None, Field(description="When it told them.")]


class CheckDocument(BaseModel):
    """One thing that a source looked at."""

    subject: str
    passed: bool
    finding: Annotated[str, Field(description="What was found; where it did not pass, what mends it.")]


class ChecksDocument(BaseModel):
    """What a test found."""

    passed: Annotated[bool, Field(description="Whether every check passed.")]
    checks: Annotated[list[CheckDocument], Field(description="In the order of the looking, which a failure may end.")]


class SourcesV3:
    """The routes below ``sources/``, and ``source-tests/``."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources

    def add_to(self, routes: Routes) -> None:
        """Add the routes."""
        one = f"{_COLLECTION}{{name}}/"
        routes.add_several(
            _COLLECTION,
            Served(Operation.READ, self._list, _LISTING),
            Served(Operation.CREATE, self._create, _ADDING),
        )
        routes.add_several(
            one,
            Served(Operation.READ, self._get, _READING),
            Served(Operation.UPDATE, self._update, _CHANGING),
            Served(Operation.DELETE, self._delete, _REMOVING),
        )
        routes.add_several(f"{one}test/", Served(Operation.CREATE, self._test, _TESTING))
        routes.add_several(f"{OWN}source-tests/", Served(Operation.CREATE, self._try, _TRYING))

    def _list(self, request: Request, wanted: Annotated[Paging, Query()]) -> Page[SourceDocument]:
        found = self._sources.list()
        statuses = self._sources.statuses()
        shown = found[wanted.offset : wanted.offset + wanted.limit]
        return Page[SourceDocument](
            count=len(found),
            next=next_page(request, wanted, len(found)),
            previous=previous_page(request, wanted),
            # But for those that were removed since they were listed.
            results=[self._document(source, statuses[source.name]) for source in shown if source.name in statuses],
        )

    def _get(self, name: str) -> SourceDocument:
        source = self._sources.get(name)
        return self._document(source, self._sources.status(source))

    def _create(self, response: Response, sent: Body) -> SourceDocument:
        new = parsed(NewSource, sent)
        with _problems_by_field():
            source = self._sources.add(SourceDraft(new.name, new.type, new.config))
        document = self._document(source, self._sources.status(source))
        response.headers["Location"] = document.pulp_href
        return document

    def _update(self, name: str, sent: Body) -> SourceDocument:
        change = SourceChange(parsed(SourceChanges, sent).config)
        with _problems_by_field():
            source = self._sources.update(name, change)
        return self._document(source, self._sources.status(source))

    def _delete(self, name: str) -> None:
        self._sources.remove(name)

    def _test(self, name: str) -> ChecksDocument:
        with _problems_by_field():
            return _checks(self._sources.check(name))

    def _try(self, sent: Body) -> ChecksDocument:
        tried = parsed(TriedSource, sent)
        with _problems_by_field():
            return _checks(self._sources.check_config(tried.type, tried.config))

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


_MISSING: dict[int | str, dict[str, Any]] = {404: {"model": Detail, "description": "No source has this name."}}
_LISTING = {"name": "sources_list", "summary": "List sources by name", "responses": INVALID}
_READING = {"name": "sources_read", "summary": "Show a source and its status", "responses": _MISSING}
_ADDING = takes(NewSource, name="sources_create", summary="Add a source", status_code=201)
_CHANGING = takes(SourceChanges, name="sources_update", summary="Change options of a source", responses=_MISSING)
_REMOVING = {
    "name": "sources_delete",
    "summary": "Remove a source",
    "status_code": 204,
    "responses": _MISSING,
}
_TESTING = {
    "name": "sources_test",
    "summary": "Check the requirements of a source",
    "responses": {**INVALID, **_MISSING},
}
_TRYING = takes(TriedSource, name="source_tests_create", summary="Check the requirements of a source before adding it")
