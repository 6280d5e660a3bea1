"""Reads JSON from a server, and replaces values that the database or a broker could not store."""

import json
import re
from typing import Any

_UNPORTABLE = re.compile("[\x00\ud800-\udfff]")
_SUSPICIOUS = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")
_INSTEAD = "\N{REPLACEMENT CHARACTER}"


def read_json(body: bytes) -> Any:
    """Return the document in a body. Numbers that are not finite become null, integers beyond 64 bits become text.

    :raises ValueError: it is not JSON.
    :raises RecursionError: it is nested too deeply.
    """
    document = json.loads(body, parse_constant=lambda _: None, parse_int=_integer, parse_float=_float)
    return _portable(document) if _SUSPICIOUS.search(body) else document


def _integer(text: str) -> int | str:
    value = int(text) if len(text) < 25 else None
    return text if value is None or not -(2**63) <= value < 2**63 else value


def _float(text: str) -> float | None:
    value = float(text)
    return None if value in (float("inf"), float("-inf")) else value


def _portable(value: Any) -> Any:
    if isinstance(value, str):
        return _UNPORTABLE.sub(_INSTEAD, value)
    if isinstance(value, dict):
        return {_portable(key): _portable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_portable(item) for item in value]
    return value
