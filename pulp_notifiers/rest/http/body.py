"""Reads request bodies, within bounds, and parses them as strict JSON."""

import asyncio
import json
import math
from typing import Any

from starlette.requests import ClientDisconnect, Request

from ...encoding import MAX_DEPTH, is_too_deep, without_repeats
from .errors import BodyTooLarge, NotAnObject, NotJson

_MAX_DRAINED_BYTES = 64 * 1024 * 1024
_MAX_INTEGER_CHARACTERS = 20  # of -2**63, the longest integer that can be stored


async def read(request: Request, max_bytes: int, drain_seconds: float = 10.0) -> bytes:
    """Return a request's body.

    :param drain_seconds: how long to read on after ``max_bytes``.
    :raises BodyTooLarge: it is larger than allowed. The rest is read and dropped first, up to a limit of time and
        bytes, because many clients read the answer only after they have sent everything.
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
    :raises NotAnObject: it is valid JSON, but not an object.
    """
    value = parse(body)
    if not isinstance(value, dict):
        raise NotAnObject(value)
    return value


def parse(body: bytes) -> Any:
    """Return the JSON value that a body holds.

    :raises NotJson: the text is not UTF-8 or not JSON, repeats a key in an object, or is nested too deeply.
    """
    try:
        value = json.loads(
            body.decode("utf-8"),
            object_pairs_hook=without_repeats,
            parse_int=_integer,
            parse_constant=_refuse_constant,
        )
    except (ValueError, RecursionError) as error:
        raise NotJson(str(error)) from None
    if is_too_deep(value):
        raise NotJson(f"The body is nested more than {MAX_DEPTH} levels deep.")
    return value


def _declared_length(request: Request) -> int:
    # uvicorn has checked that it is a number.
    return int(request.headers.get("content-length", 0))


def _waits_for_continue(request: Request) -> bool:
    # Such a client waits for "100 Continue" before it sends the body, so there is nothing to drain.
    return request.headers.get("expect", "").lower() == "100-continue"


async def _drain(request: Request, seconds: float) -> bool:
    dropped = 0
    try:
        async with asyncio.timeout(seconds):
            while dropped < _MAX_DRAINED_BYTES:
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


def _integer(text: str) -> int | float:
    # Python is slow with integers of thousands of digits, or refuses them. As infinity it fails the check of values.
    return int(text) if len(text) <= _MAX_INTEGER_CHARACTERS else math.inf


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON.")
