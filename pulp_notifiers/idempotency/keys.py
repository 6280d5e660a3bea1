"""Idempotency keys: draft-ietf-httpapi-idempotency-key-header, whose values are strings of RFC 8941."""

import hashlib
import re
from collections.abc import Sequence

from ..errors import PulpNotifiersError

LONGEST = 255

_PRINTABLE = re.compile(r"[\x20-\x7e]+")
_QUOTED = re.compile(r'"((?:[\x20-\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"')


class InvalidKey(PulpNotifiersError):
    """A header has no key that can be used."""

    def __init__(self) -> None:
        super().__init__(
            f"Send one key of 1 to {LONGEST} printable ASCII characters, such as a new UUID, bare or in double quotes."
        )


def parse_key(lines: Sequence[str]) -> str:
    """Return the key in the lines of a header; the same one, whether it is quoted or bare.

    :raises InvalidKey: there is none, or more than one.
    """
    (text,) = lines if len(lines) == 1 else ("",)
    key = text.strip(" \t")
    if key.startswith('"'):
        quoted = _QUOTED.fullmatch(key)
        key = "" if quoted is None else re.sub(r"\\(.)", r"\1", quoted[1])
    if len(key) > LONGEST or not _PRINTABLE.fullmatch(key):
        raise InvalidKey
    return key


def digest(*parts: str | bytes) -> str:
    """Return one digest of several texts, which differs if any of them or their order does."""
    hashed = hashlib.sha256()
    for part in parts:
        data = part if isinstance(part, bytes) else part.encode()
        hashed.update(b"%d:%b" % (len(data), data))
    return hashed.hexdigest()
