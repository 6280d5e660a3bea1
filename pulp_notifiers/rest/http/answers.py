"""Answers built byte for byte here, because Pulp 2's clients compare them (CONTRACT 1.2)."""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from ...encoding import dumps

DROPPED_SECRETS_HEADER = "Pulp-Dropped-Secrets"
"""Names the secret options that an update removed; Pulp 2's documents have no field for them."""

_JSON = "application/json; charset=utf-8"


def json_answer(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return JSON text as Pulp 2 wrote it."""
    return Response(dumps(value), status, {**(headers or {}), "Content-Type": _JSON})


def answer_of(status: int, headers: Mapping[str, str], body: str) -> Response:
    """Return an answer whose body is JSON text already."""
    return Response(body, status, dict(headers), media_type="application/json")


def conditional_answer(request: Request, value: Any) -> Response:
    """Return JSON with an ``ETag``, or 304 if the request's ``If-None-Match`` names the same tag."""
    answer = json_answer(value)
    tag = f'"{hashlib.md5(answer.body, usedforsecurity=False).hexdigest()}"'
    known = [known.strip().removeprefix("W/") for known in request.headers.get("if-none-match", "").split(",")]
    if tag in known or "*" in known:
        return Response(status_code=304, headers={"ETag": tag})
    answer.headers["ETag"] = tag
    return answer


def empty_answer(status: int, headers: Mapping[str, str]) -> Response:
    """Return an answer without a body."""
    return Response(b"", status, dict(headers))


def dropped_secrets_header(names: Iterable[str]) -> dict[str, str]:
    """Return the header about secrets that an update removed; none if it removed none."""
    listed = ", ".join(quote(name, safe="") for name in names)
    return {DROPPED_SECRETS_HEADER: listed} if listed else {}
