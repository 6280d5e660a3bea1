"""Values of an event that its row has as columns, to list events by them."""

import re
from collections.abc import Mapping
from typing import Any

_LONGEST = {"repo_id": 512, "server": 255, "domain": 255, "result": 64}
"""Bytes. Together with type, source and times they must fit into an entry of an index of PostgreSQL, 2,704 bytes."""

LONGEST_SOURCE = 255

_NOT_STORABLE = re.compile("[\0\ud800-\udfff]")  # NUL in PostgreSQL, surrogates in both


def payload_columns(payload: Mapping[str, Any]) -> list[str | None]:
    """Return repository, server, domain and result; None for what is missing or no text."""
    return [column_text(payload.get(name), longest) for name, longest in _LONGEST.items()]


def column_text(value: object, longest: int) -> str | None:
    """Return a text as a column has it: its beginning if it is long, with U+FFFD for what no database stores.

    :param longest: in bytes.
    """
    if not isinstance(value, str):
        return None
    text = str(value[:longest])
    if text.isascii():
        return text.replace("\0", "\ufffd") if "\0" in text else text
    return _NOT_STORABLE.sub("\ufffd", text).encode()[:longest].decode(errors="ignore")
