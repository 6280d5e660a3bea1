"""Command line options made from the JSON Schema of a notifier's config model."""

import csv
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import click

from ..encoding import MAX_DEPTH, is_too_deep, without_repeats
from .documents import printable
from .given_secrets import SECRET_NAME, read_secret, warn_of_secrets

Schema = Mapping[str, Any]

FURTHER_OPTIONS = "config"
"""Option that takes a JSON object, if the notifier accepts options that it does not declare."""

SECRETS = "secret"
"""Option that names options of the listener that are typed or read from standard input."""

_MOST_REFERENCES = 20

_SCALARS: Mapping[str, click.ParamType[Any]] = {
    "string": click.STRING,
    "integer": click.INT,
    "number": click.FLOAT,
    "boolean": click.BOOL,
}


class InvalidOptionText(click.BadParameter):
    """The text of an option has the wrong form; that is wrong data, not wrong usage, so the exit code differs."""

    exit_code = os.EX_DATAERR


class ConfigOption(click.Option):
    """An option of the command line that becomes an option of the listener.

    :param key: its name in the listener's config.
    :param taken: names of the command's other options.
    :param required: whether the command fails without it.
    :ivar is_empty_by_default: the notifier's default is empty text.
    :ivar is_secret: its value is secret.
    """

    def __init__(self, key: str, schema: Schema, definitions: Schema, taken: frozenset[str], required: bool) -> None:
        self.key = key
        meant = _resolved(schema, definitions)
        self.is_empty_by_default = schema.get("default") == ""
        name = key.replace("_", "-")
        name = f"{FURTHER_OPTIONS}-{name}" if name in taken else name
        flag = meant.get("type") == "boolean"
        self.is_secret = SECRET_NAME.search(key) is not None or '"writeOnly": true' in json.dumps(schema)
        # To click None is a value, which satisfies "required"; a flag without any default is False.
        presence: dict[str, Any] = {"required": True} if required else {"default": None}
        super().__init__(
            [f"option_{_identifier(key)}", f"--{name}/--no-{name}" if flag else f"--{name}"],
            type=None if flag else _parameter_type(meant, definitions),
            help=_help(schema, meant),
            **presence,
        )


class CommaSeparated(click.ParamType[Any]):
    """Items separated by commas, as in a line of CSV."""

    name = "ITEM,ITEM"

    def __init__(self, item: click.ParamType[Any]) -> None:
        self._item = item

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the items as a list."""
        if not isinstance(value, str):
            return value
        try:
            texts = next(csv.reader([value]), [])
        except csv.Error as error:
            raise InvalidOptionText(f"{value!r} is not a comma separated list: {error}.", ctx, param) from None
        return [self._item.convert(text, param, ctx) for text in texts]


class JsonText(click.ParamType[Any]):
    """A value written as JSON.

    :param expected: the Python type that it must have.
    """

    name = "JSON"

    def __init__(self, expected: type = object) -> None:
        self._expected = expected

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the parsed value."""
        if not isinstance(value, str):
            return value
        try:
            parsed = json.loads(value, object_pairs_hook=without_repeats)
        except (ValueError, RecursionError) as error:
            raise InvalidOptionText(f"This is not JSON: {str(error).rstrip('.')}.", ctx, param) from None
        if is_too_deep(parsed):
            raise InvalidOptionText(f"This is nested more than {MAX_DEPTH} levels deep.", ctx, param)
        if not isinstance(parsed, self._expected):
            raise InvalidOptionText("Write a JSON object, in braces.", ctx, param)
        return parsed


def config_options(schema: Schema, own: Iterable[click.Parameter], for_creation: bool) -> Iterator[click.Option]:
    """Yield the command line options of a config model.

    :param schema: the model's JSON Schema.
    :param own: the command's own options; an option of the model with the same name is called ``--config-NAME``.
    :param for_creation: required options are required; for an update none is.
    """
    taken = frozenset(name.lstrip("-") for one in own for name in (*one.opts, *one.secondary_opts)) | {"help"}
    definitions = schema.get("$defs", {})
    required = schema.get("required", ()) if for_creation else ()
    for key, described in schema.get("properties", {}).items():
        option = ConfigOption(key, described, definitions, taken, key in required)
        # It may be given with the command's --secret instead; the server says if it is missing.
        option.required = option.required and not (option.is_secret and SECRETS in taken)
        yield option
    if schema.get("additionalProperties"):
        yield click.Option(
            [FURTHER_OPTIONS, f"--{FURTHER_OPTIONS}"], type=JsonText(dict), help="Options as a JSON object."
        )


def given_config(context: click.Context, without_empty_defaults: bool = False) -> dict[str, Any]:
    """Return the options of the listener that the command line gives.

    :param without_empty_defaults: leave out empty text that is the notifier's default, as pulp-admin did.
    """
    config = dict(context.params.get(FURTHER_OPTIONS) or {})
    for option in context.command.get_params(context):
        value = context.params.get(option.name or "")
        if not isinstance(option, ConfigOption) or value is None:
            continue
        if not (without_empty_defaults and option.is_empty_by_default and value == ""):
            config[option.key] = value
    return config


def with_secrets(context: click.Context, config: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """Return the options of the listener with further ones, which are typed or read from standard input.

    Warns of secrets on the command line.

    :param names: options as on the command line, without ``--``.
    """
    warn_of_given_secrets(
        context, f"name the option with --{SECRETS} instead, and type it or send it on standard input"
    )
    options = {
        name.removeprefix("--"): option
        for option in context.command.get_params(context)
        if isinstance(option, ConfigOption)
        for name in option.opts
    }
    found = dict(config)
    for name in names:
        option = options.get(name.removeprefix("--").replace("_", "-"))
        key = option.key if option else name
        if key in config:
            raise click.UsageError(f"{name} is given twice: leave one of the two out.")
        text = read_secret(key, "")
        # Such as headers, whose values are secret; the server checks the rest.
        found[key] = option.type_cast_value(context, text) if option and isinstance(option.type, JsonText) else text
    return found


def warn_of_given_secrets(context: click.Context, otherwise: str) -> None:
    """Warn of secrets of the listener on the command line.

    :param otherwise: how else to give them.
    """
    options = [option for option in context.command.get_params(context) if isinstance(option, ConfigOption)]
    given = {option.opts[0]: context.params.get(option.name or "") for option in options}
    further = context.params.get(FURTHER_OPTIONS)
    if further:
        given[f"--{FURTHER_OPTIONS}"] = further
    warn_of_secrets(given, otherwise, [option.opts[0] for option in options if option.is_secret])


def _resolved(schema: Schema, definitions: Schema, references: int = _MOST_REFERENCES) -> Schema:
    """Return the one schema that a command line can express: references followed, null left out.

    Of several alternatives a list comes first, because one text can express most as a list, then plain text; any others
    need JSON, as does a schema whose references do not end.
    """
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return _resolved(definitions.get(name, {}), definitions, references - 1) if references else {}
    parts = schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf")
    if not parts:
        return schema
    alternatives = [_resolved(part, definitions, references) for part in parts if part.get("type") != "null"]
    if len(alternatives) == 1:
        return alternatives[0]
    if alternatives and all(map(_choices, alternatives)):
        return {"enum": [choice for part in alternatives for choice in _choices(part)]}
    by_type = {part.get("type"): part for part in alternatives}
    return by_type.get("array") or by_type.get("string") or {}


def _choices(schema: Schema) -> list[Any]:
    listed = schema.get("enum", [schema["const"]] if "const" in schema else [])
    return [choice for choice in listed if choice is not None]


def _parameter_type(schema: Schema, definitions: Schema) -> click.ParamType[Any]:
    if _choices(schema):
        return click.Choice(_choices(schema))
    if schema.get("type") == "array":
        items = _resolved(schema.get("items", {}), definitions)
        # A list of lists needs JSON; its type may contain itself, so it is not followed any further.
        item = JsonText() if items.get("type") == "array" else _parameter_type(items, definitions)
        return JsonText() if isinstance(item, JsonText) else CommaSeparated(item)
    return _SCALARS.get(schema.get("type", ""), JsonText())


def _help(schema: Schema, meant: Schema) -> str:
    description = printable(schema.get("description") or meant.get("description") or "")
    default = schema.get("default")
    if default in (None, "", [], {}) or meant.get("format") == "password":
        return description
    shown = printable(default) if isinstance(default, str) else json.dumps(default)
    return f"{description}  [default: {shown}]"


def _identifier(key: str) -> str:
    return key if key.isidentifier() else f"key_{key.encode().hex()}"
