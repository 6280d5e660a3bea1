"""Values of an event's payload that its row has as columns, to list events by them."""

import re
from collections.abc import Mapping
from typing import Any

PAYLOAD_COLUMNS = ("repo_id", "server", "domain", "result")

LONGEST_VALUE = 255
"""Characters. An entry of an index of PostgreSQL has 2,704 bytes at most."""

_NOT_STORABLE = re.compile("[\0\ud800-\udfff]")  # NUL in PostgreSQL, surrogates in both


def payload_columns(payload: Mapping[str, Any]) -> tuple[str | None, ...]:
    """Return the values of the columns; None for what is missing or no text."""
    return tuple([column_text(payload.get(name)) for name in PAYLOAD_COLUMNS])


def column_text(value: object) -> str | None:
    """Return a text as a column has it: in full if it is short, and with U+FFFD for what no database stores."""
    if not isinstance(value, str):
        return None
    text = value[:LONGEST_VALUE]
    return text if text.isascii() and "\0" not in text else _NOT_STORABLE.sub("\ufffd", text)
