"""Requests that may be repeated: ``Idempotency-Key`` (draft-ietf-httpapi-idempotency-key-header)."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated, Any

from fastapi import Depends, Header
from pydantic import BaseModel, WithJsonSchema
from starlette.requests import Request
from starlette.responses import Response

from ...idempotency import IdempotentRequests, InvalidKey, Once, digest, parse_key
from ...records import KeptAnswer
from ..http.answers import answer_of
from ..http.errors import InvalidFields
from ..http.request_text import raw_path
from .style import refusal

HEADER = "Idempotency-Key"
KEY_PATTERN = r'^(?:[!#-~](?:[ -~]{0,253}[!-~])?|"(?:[ !#-\[\]-~]|\\["\\]){1,255}")$'


class Repeatable:
    """A request that creates something, with the key that it has or without one."""

    def __init__(self, requests: IdempotentRequests, key: str | None) -> None:
        self._requests = requests
        self._key = key

    @contextmanager
    def once(self, *content: str | bytes) -> Iterator["Creation"]:
        """Carry out the request, if no request with this key was carried out before.

        :param content: what the request says: its body, and headers that matter.
        :raises AlreadyAnswered: it was; has the answer.
        :raises KeyReused: the key was sent with other content.
        :raises KeyInProgress: the same request is still being processed.
        """
        if self._key is None:
            yield Creation(None)
            return
        with self._requests.once(self._key, digest(*content)) as once:
            yield Creation(once)


class Creation:
    """What a request creates, and its answer."""

    def __init__(self, once: Once | None) -> None:
        self._once = once
        self._answer: Response | None = None

    def answered(self, status: int, document: BaseModel, headers: Mapping[str, str]) -> KeptAnswer | None:
        """Return the answer for the transaction that creates; None if it is not to be kept."""
        body = document.model_dump_json(by_alias=True)
        self._answer = answer_of(status, headers, body)
        return None if self._once is None else self._once.answer(status, headers, body)

    def planned(self, new_id: str) -> str:
        """Return the id for what is created; see :meth:`.Once.planned`."""
        return new_id if self._once is None else self._once.planned(new_id)

    def complete(self, status: int, document: BaseModel, headers: Mapping[str, str] | None = None) -> Response:
        """Keep the answer after what has a planned id was created, and return it."""
        kept = self.answered(status, document, headers or {})
        if self._once is not None and kept is not None:
            self._once.complete(kept)
        return self.response

    @property
    def response(self) -> Response:
        """The answer."""
        assert self._answer is not None
        return self._answer


def _repeatable(
    request: Request,
    idempotency_key: Annotated[
        str | None,
        WithJsonSchema({"type": "string", "pattern": KEY_PATTERN}),
        Header(
            description="A new key for each new request, such as a UUID. If a request is repeated with its key within "
            "a day, it is not carried out again, but gets the first answer. The key with another body is answered "
            "422; while the first request is being processed, 409."
        ),
    ] = None,
) -> Repeatable:
    lines = request.headers.getlist(HEADER)
    key = None
    if lines:
        try:
            key = digest(request.state.user.login, request.method, raw_path(request.scope), parse_key(lines))
        except InvalidKey as invalid:
            raise InvalidFields({HEADER: [str(invalid)]}) from None
    return Repeatable(request.app.state.idempotent_requests, key)


MayRepeat = Annotated[Repeatable, Depends(_repeatable)]
"""A handler's parameter: the request, with its idempotency key."""

REPEATABLE: dict[int | str, dict[str, Any]] = {
    **refusal(409, "A request with the idempotency key is still being processed; Retry-After says when to ask again."),
    **refusal(422, "The idempotency key was sent with another request."),
}
"""OpenAPI responses of handlers with such a request."""
