"""Reading a request's body: bounded, and strict about what is JSON."""

import asyncio
import json
import math
from collections.abc import Iterable
from typing import Any

from starlette.requests import ClientDisconnect, Request

from .refusals import BodyTooLarge, NotAnObject, NotJson

DEEPEST = 100
"""Levels of arrays and objects in each other; deeper text is refused like other text that is not JSON."""

_DRAINED_AT_MOST_BYTES = 64 * 1024 * 1024
_LONGEST_INTEGER = 20  # characters of -2**63, the longest that is kept


async def read(request: Request, max_bytes: int, drain_seconds: float = 10.0) -> bytes:
    """Return a request's body.

    :param drain_seconds: how long to read what is too much.
    :raises BodyTooLarge: it is larger than allowed. What follows is read and dropped first, as far as that is bounded,
        because many clients read the answer only after they have sent everything.
    """
    if _declared_length(request) > max_bytes:
        raise BodyTooLarge(max_bytes, drained=not _waits_for_continue(request) and await _drain(request, drain_seconds))
    body = bytearray()
    more = True
    while more:
        chunk, more = await _next_chunk(request)
        body += chunk
        if len(body) > max_bytes:
            raise BodyTooLarge(max_bytes, drained=not more or await _drain(request, drain_seconds))
    return bytes(body)


def parse_object(body: bytes) -> dict[str, Any]:
    """Return the JSON object that a body holds.

    :raises NotJson: see :func:`parse`.
    :raises NotAnObject: it is valid JSON of another kind.
    """
    value = parse(body)
    if not isinstance(value, dict):
        raise NotAnObject(value)
    return value


def parse(body: bytes) -> Any:
    """Return the JSON value that a body holds.

    :raises NotJson: the text is not UTF-8 or not JSON, names a key twice in one object, or is nested too deeply.
    """
    try:
        value = json.loads(
            body.decode("utf-8"),
            object_pairs_hook=_without_repeats,
            parse_int=_integer,
            parse_constant=_refuse_constant,
        )
    except (ValueError, RecursionError) as error:
        raise NotJson(str(error)) from None
    if _depth_exceeds(value, DEEPEST):
        raise NotJson(f"It is nested more than {DEEPEST} levels deep.")
    return value


def _declared_length(request: Request) -> int:
    # The server has checked that it is a number.
    return int(request.headers.get("content-length", 0))


def _waits_for_continue(request: Request) -> bool:
    # Such a client sends the body only when asked to, so there is nothing to drain.
    return request.headers.get("expect", "").lower() == "100-continue"


async def _drain(request: Request, seconds: float) -> bool:
    dropped = 0
    try:
        async with asyncio.timeout(seconds):
            while dropped < _DRAINED_AT_MOST_BYTES:
                chunk, more = await _next_chunk(request)
                if not more:
                    return True
                dropped += len(chunk)
    except TimeoutError:
        return False
    return False


async def _next_chunk(request: Request) -> tuple[bytes, bool]:
    message = await request.receive()
    if message["type"] == "http.disconnect":
        raise ClientDisconnect()
    return message.get("body", b""), message.get("more_body", False)


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("An object names the same key twice.")
    return found


def _integer(text: str) -> int | float:
    # An integer of thousands of digits costs time or is refused by Python; as infinity it fails the check of values.
    return int(text) if len(text) <= _LONGEST_INTEGER else math.inf


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON.")


def _depth_exceeds(value: Any, limit: int) -> bool:
    level = [value]
    for _ in range(limit):
        level = [item for container in level for item in _items(container) if isinstance(item, dict | list)]
        if not level:
            return False
    return True


def _items(container: Any) -> Iterable[Any]:
    if isinstance(container, dict):
        return container.values()
    return container if isinstance(container, list) else ()
