"""Conditional requests: a client changes only what it has seen, and reads nothing twice that has not changed."""

from collections.abc import Mapping
from typing import Annotated, Any, Self, TypeVar

from fastapi import Depends, Header
from pydantic import BaseModel, WithJsonSchema
from starlette.requests import Request
from starlette.responses import Response

from ..http.errors import InvalidFields, NotModified, PreconditionFailed
from ..http.etags import EntityTag, MalformedTags, TagList
from .style import refusal

DocumentT = TypeVar("DocumentT", bound=BaseModel)

_TAG_PATTERN = '(?:W/)?"[!#-~]*"'
TAGS_PATTERN = f"^(?:[*]|{_TAG_PATTERN}(?:, ?{_TAG_PATTERN})*)$"
_IF_MATCH = "If-Match"
_IF_NONE_MATCH = "If-None-Match"

_ETAG: Mapping[str, Any] = {
    "ETag": {
        "description": "Strong tag of the representation; send it back in If-Match with a change.",
        "schema": {"type": "string"},
    }
}
_LOCATION: Mapping[str, Any] = {"Location": {"description": "Path of what was created.", "schema": {"type": "string"}}}
_NOT_MODIFIED = "If-None-Match has the tag of the current representation."

CREATED: dict[int | str, dict[str, Any]] = {201: {"headers": {**_LOCATION, **_ETAG}}}
READ: dict[int | str, dict[str, Any]] = {
    200: {"headers": _ETAG},
    304: {"description": _NOT_MODIFIED, "headers": _ETAG},
}
DELETED: dict[int | str, dict[str, Any]] = refusal(412, "It was changed since the client read it.")
CHANGED: dict[int | str, dict[str, Any]] = {200: {"headers": _ETAG}, **DELETED}
"""OpenAPI responses of the methods of resources that have tags."""


class Precondition:
    """What a request demands of the representation that it changes.

    :param if_match: the representation must have one of these tags; None for no demand.
    :param if_none_match: it must have none of them.
    """

    def __init__(self, if_match: TagList | None = None, if_none_match: TagList | None = None) -> None:
        self._if_match = if_match
        self._if_none_match = if_none_match

    @classmethod
    def of(cls, request: Request) -> Self:
        """Return what the headers of a request demand.

        :raises InvalidFields: a header is malformed; ignoring it could overwrite what somebody else changed.
        """
        found, problems = {}, {}
        for name in (_IF_MATCH, _IF_NONE_MATCH):
            try:
                found[name] = _tags(request, name)
            except MalformedTags:
                problems[name] = ['Send tags as they were received, such as "a1b2", separated by commas; or *.']
        if problems:
            raise InvalidFields(problems)
        return cls(found[_IF_MATCH], found[_IF_NONE_MATCH])

    def require(self, current: EntityTag) -> None:
        """Check the current tag; call it in the transaction that makes the change.

        :raises PreconditionFailed: the request must not be carried out.
        """
        matched = self._if_match is None or self._if_match.has_content(current)
        if not matched or (self._if_none_match is not None and self._if_none_match.has(current)):
            raise PreconditionFailed


def unless_known(request: Request, response: Response, document: DocumentT, tag: EntityTag) -> DocumentT:
    """Return the document for an answer, and add its tag.

    :raises NotModified: the client has it already.
    """
    try:
        known = _tags(request, _IF_NONE_MATCH)
    except MalformedTags:
        known = None  # then the whole answer is right, too
    if known is not None and known.has(tag):
        raise NotModified(str(tag))
    return tagged(response, document, tag)


def tagged(response: Response, document: DocumentT, tag: EntityTag) -> DocumentT:
    """Return the document for an answer, and add the tag that a ``GET`` would have."""
    response.headers["ETag"] = str(tag)
    return document


def _tags(request: Request, name: str) -> TagList | None:
    lines = request.headers.getlist(name)
    return TagList.parse(lines) if lines else None


def _precondition(
    request: Request,
    if_match: Annotated[
        str | None,
        WithJsonSchema({"type": "string", "pattern": TAGS_PATTERN}),
        Header(description="ETag of the representation that the client has seen; others are answered 412."),
    ] = None,
) -> Precondition:
    return Precondition.of(request)


Demanded = Annotated[Precondition, Depends(_precondition)]
"""A handler's parameter: the precondition of a change."""
