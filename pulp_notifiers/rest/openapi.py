"""What the OpenAPI document says that no route knows alone: shared schemas, and options of the installed plugins."""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any, Protocol

from pydantic.errors import PydanticUserError

from ..errors import PluginUnavailable
from ..plugin_host import InstalledPlugin

Schema = dict[str, Any]

TEXT: Schema = {"type": "string", "pattern": "^[^\\u0000]*$"}
"""A text that every receiver and database supports."""

PORTABLE_OBJECT = "#/components/schemas/PortableObject"
PORTABLE_VALUE = "#/components/schemas/PortableValue"

_COMPONENTS: Schema = {
    "PortableValue": {
        "title": "PortableValue",
        "description": "JSON that every receiver and database supports: no NUL in texts, no integer beyond 64 bits.",
        "anyOf": [
            {"type": ["boolean", "null"]},
            TEXT,
            {"type": "integer", "minimum": -(2**63), "maximum": 2**63 - 1},
            {"type": "number", "not": {"type": "integer"}},
            {"type": "array", "items": {"$ref": PORTABLE_VALUE}},
            {"$ref": PORTABLE_OBJECT},
        ],
    },
    "PortableObject": {
        "title": "PortableObject",
        "type": "object",
        "propertyNames": TEXT,
        "additionalProperties": {"$ref": PORTABLE_VALUE},
    },
}


class DescribedPlugin(Protocol):
    """A plugin whose options can be described."""

    def schema(self) -> Schema: ...


class Plugins(Protocol):
    """The plugins of one kind."""

    def examined(self) -> list[InstalledPlugin]: ...
    def knows(self, plugin_type: str) -> bool: ...
    def get(self, plugin_type: str) -> DescribedPlugin: ...


class OpenApi:
    """Completes the document with the installed plugins, and again if others are installed."""

    def __init__(self, notifiers: Plugins, source_types: Plugins) -> None:
        self._notifiers = notifiers
        self._source_types = source_types
        self._found: list[InstalledPlugin] = []
        self._completed: Schema | None = None

    def completed(self, document: Schema) -> Schema:
        """Return the whole document.

        :param document: the one that the routes describe; not changed.
        """
        found = [*self._notifiers.examined(), *self._source_types.examined()]
        if self._completed is None or found != self._found:
            self._completed = self._complete(deepcopy(document))
            self._found = found
        return self._completed

    def _complete(self, document: Schema) -> Schema:
        document["components"]["schemas"].update(_COMPONENTS)
        bodies = {
            operation["operationId"]: operation["requestBody"]["content"]["application/json"]["schema"]
            for methods in document["paths"].values()
            for operation in methods.values()
            if "requestBody" in operation
        }
        known = [plugin.type for plugin in self._notifiers.examined() if self._notifiers.knows(plugin.type)]
        bodies["legacy_listeners_create"]["properties"]["notifier_type_id"]["enum"] = sorted(set(known))
        _add_types(bodies["listeners_create"], "notifier_type", self._notifiers)
        _add_types(bodies["sources_create"], "type", self._source_types)
        _add_types(bodies["source_tests_create"], "type", self._source_types)
        return document


def _add_types(body: Schema, field: str, plugins: Plugins) -> None:
    options = dict(_options(plugins))
    body["properties"][field]["enum"] = sorted(options)
    body.setdefault("allOf", []).extend(
        {"if": {"properties": {field: {"const": name}}}, "then": _with_config(schema)}
        for name, schema in sorted(options.items())
    )


def _options(plugins: Plugins) -> Iterator[tuple[str, Schema]]:
    for plugin in plugins.examined():
        if plugin.problem is None:
            try:
                schema = plugins.get(plugin.type).schema()
            except (PluginUnavailable, PydanticUserError):
                # Uninstalled since it was listed, or its options have no JSON Schema.
                continue
            yield plugin.type, inlined(schema, schema.pop("$defs", {}))


def _with_config(schema: Schema) -> Schema:
    config = {"additionalProperties": False, **schema}
    return {"properties": {"config": config}, **({"required": ["config"]} if schema.get("required") else {})}


def inlined(schema: Any, definitions: Mapping[str, Any]) -> Any:
    """Return a schema of pydantic without references, and with any JSON object as a portable one.

    References in it start at that schema, those in an OpenAPI document at the document.
    """
    if isinstance(schema, list):
        return [inlined(item, definitions) for item in schema]
    if not isinstance(schema, dict):
        return schema
    parts = {key: inlined(value, definitions) for key, value in schema.items() if key != "$ref"}
    if parts.get("additionalProperties") is True and "properties" not in parts:
        del parts["additionalProperties"]
        return {**parts, "$ref": PORTABLE_OBJECT}
    if "$ref" not in schema:
        return parts
    return {**inlined(definitions[schema["$ref"].rpartition("/")[2]], definitions), **parts}
