"""Fields of request bodies."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator

from ...encoding import unportable


def _portable(value: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    flaw = unportable(value)
    if flaw:
        raise ValueError(flaw)
    return value


Portable = AfterValidator(_portable)
"""Of an object: every receiver and database can carry what it holds."""

PortableObject = Annotated[dict[str, Any], Portable]
