"""The fields that a schema describes, as a flat list for people."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from .names import ANY_KEY, ELEMENT


class Field(NamedTuple):
    """A field.

    :ivar path: such as ``payload.content_summary.added.*.count``.
    :ivar kind: its JSON types, joined by ``or``; ``any`` for any JSON value.
    """

    path: str
    kind: str
    description: str


def fields(schema: Mapping[str, Any], path: str) -> Iterator[Field]:
    """Yield the fields below an object or array, each followed by those below it.

    :param path: of the object itself.
    """
    below = {f"{path}.{name}": field for name, field in schema.get("properties", {}).items()}
    if isinstance(schema.get("additionalProperties"), Mapping):
        below[f"{path}.{ANY_KEY}"] = schema["additionalProperties"]
    if "items" in schema:
        yield from fields(schema["items"], f"{path}{ELEMENT}")
    for name, field in below.items():
        # A key that is data is described by the object that has it.
        if field and not (name.endswith(ANY_KEY) and "properties" in field):
            yield Field(name, _kind(field), field.get("description", ""))
        yield from fields(field, name)


def _kind(schema: Mapping[str, Any]) -> str:
    kinds = schema.get("type", "any")
    return kinds if isinstance(kinds, str) else " or ".join(kinds)
