"""Reference text generated from the code: settings, options of notifiers, commands.

Functions return lines of reStructuredText and do not use Sphinx, so that tests can call them too.
"""

import inspect
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import click
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from pulp_notifiers.cli.options import ConfigOption
from pulp_notifiers.cli.root import root

PROGRAM = "pulp-notifiers"
PREFIX = "PULP_NOTIFIERS_"
OWN_SECTION = "notifiers"

Schema = Mapping[str, Any]

_WORDS = {"string": "text", "integer": "whole number", "number": "number", "boolean": "true or false"}
_URL = re.compile(r"\b[a-z+]+://(?:[^\s;,]*[^\s;,.])?")
_BOUNDS = (("minimum", "from {}"), ("exclusiveMinimum", "above {}"), ("maximum", "to {}"))


def setting_lines(section: str, model: type[BaseModel]) -> list[str]:
    """Return the reference of one section of the configuration file."""
    schemas = _properties(model)
    lines = []
    for key, field in _fields(model).items():
        schema = schemas[key]
        lines += [
            f".. confval:: [{section}] {key}",
            f"   :type: {_words(schema)}",
            f"   :default: {_default(field, schema)}",
            "",
            f"   {_described(section, key, schema)}",
            "",
            f"   Environment variable: ``{variable(section, key)}``",
            "",
        ]
    return lines


def option_lines(notifier_type: str, model: type[BaseModel]) -> list[str]:
    """Return the table of a notifier's options."""
    schemas, required = _properties(model), model.model_json_schema().get("required", ())
    rows = [("Option", "Value", "Meaning", "Command line")]
    for key, schema in schemas.items():
        value = _words(schema) + ("; required" if key in required else "; optional")
        secret = " It is a secret: answers show ``*****``." if is_secret(schema) else ""
        meaning = _described(notifier_type, key, schema) + secret
        rows.append((f"``{key}``", value, meaning, f"``--{key.replace('_', '-')}``"))
    return table_lines("16 22 46 16", rows)


def table_lines(widths: str, rows: Iterable[Sequence[str]]) -> list[str]:
    """Return a table.

    :param rows: the first one has the headings.
    """
    lines = [".. list-table::", "   :header-rows: 1", f"   :widths: {widths}", ""]
    for row in rows:
        lines += [f"   {'* -' if position == 0 else '  -'} {cell}" for position, cell in enumerate(row)]
    return [*lines, ""]


def command_lines(path: str) -> list[str]:
    """Return the reference of one command.

    :param path: the words after the name of the program; empty for the program itself.
    """
    command, context = find_command(path)
    name = f"{PROGRAM} {path}".rstrip()
    usage = " ".join([name, *command.collect_usage_pieces(context)])
    lines = [".. code-block:: text", "", f"   {usage}", ""]
    lines += [*_help_lines(command.help or ""), f".. program:: {name}", ""]
    for option in options_of(command, context):
        lines += [f".. option:: {_declaration(option, context)}", "", f"   {_help(option)}", ""]
    return [*lines, ".. program:: None", ""]


def find_command(path: str) -> tuple[click.Command, click.Context]:
    """Return a command and its context.

    :raises KeyError: no command has this path.
    """
    command: click.Command = root
    context = click.Context(command, info_name=PROGRAM)
    for word in path.split():
        found = command.get_command(context, word) if isinstance(command, click.Group) else None
        if found is None:
            raise KeyError(path)
        command, context = found, click.Context(found, info_name=word, parent=context)
    return command, context


def command_paths() -> Iterator[str]:
    """Yield the path of every command, without groups and hidden commands."""
    waiting = [""]
    while waiting:
        path = waiting.pop(0)
        command, context = find_command(path)
        if not isinstance(command, click.Group):
            yield path
            continue
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            if found is not None and not found.hidden:
                waiting.append(f"{path} {name}".strip())


def options_of(command: click.Command, context: click.Context) -> list[click.Option]:
    """Return the options of a command, without ``--help``."""
    return [
        option
        for option in command.get_params(context)
        if isinstance(option, click.Option) and not option.hidden and "--help" not in option.opts
    ]


def keys(model: type[BaseModel]) -> list[str]:
    """Return the keys of a section."""
    return list(_fields(model))


def variable(section: str, key: str) -> str:
    """Return the environment variable that overrides a key."""
    return PREFIX + (key if section == OWN_SECTION else f"{section}_{key}").upper()


def is_secret(schema: Schema) -> bool:
    """Return whether a value must not be shown."""
    return any(part.get("format") == "password" for part in _alternatives(schema))


def _fields(model: type[BaseModel]) -> dict[str, FieldInfo]:
    return {field.alias or name: field for name, field in model.model_fields.items()}


def _properties(model: type[BaseModel]) -> dict[str, Schema]:
    properties: dict[str, Schema] = model.model_json_schema().get("properties", {})
    return properties


def _described(owner: str, key: str, schema: Schema) -> str:
    text: str = schema.get("description", "")
    if not text:
        raise ValueError(f"{key} of {owner} has no description in its model")
    return _escaped(text)


def _alternatives(schema: Schema) -> list[Schema]:
    return [part for part in schema.get("anyOf", [schema]) if part.get("type") != "null"]


def _words(schema: Schema) -> str:
    return " or ".join(dict.fromkeys(_one(part) for part in _alternatives(schema)))


def _one(schema: Schema) -> str:
    if "enum" in schema:
        return "one of " + ", ".join(f"``{choice}``" for choice in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {_one(schema.get('items', {}))}"
    if schema.get("format") in ("path", "file-path", "directory-path"):
        return "path"
    word = _WORDS.get(schema.get("type", ""), "any JSON value")
    bounds = [form.format(f"{schema[name]:g}") for name, form in _BOUNDS if name in schema]
    if "pattern" in schema:
        bounds.append(f"matching ``{schema['pattern']}``")
    return ", ".join([word, " ".join(bounds)]) if bounds else word


def _default(field: FieldInfo, schema: Schema) -> str:
    if field.is_required():
        return "none; the key is required"
    if field.default_factory is not None:
        return "depends on who starts the process, see above"
    default = schema.get("default")
    if default in (None, "", []):
        default = getattr(field.default, "get_secret_value", lambda: "")()
    if default in (None, "", [], ()):
        return "empty"
    text = ",".join(default) if isinstance(default, list | tuple) else default
    return f"``{text if isinstance(text, str) else json.dumps(text)}``"


def _declaration(option: click.Option, context: click.Context) -> str:
    if option.is_flag:
        return ", ".join([*option.opts, *option.secondary_opts])
    plain = "NUMBER" if isinstance(option.type, click.IntRange) else option.make_metavar(context)
    value = (option.metavar or plain).strip("[]")
    return ", ".join(f"{name} {value}" for name in option.opts)


def _help(option: click.Option) -> str:
    text = _escaped(option.help or "")
    if not text:
        raise ValueError(f"{option.opts} has no help text")
    if option.required:
        text += " Required."
    shown = option.default if option.show_default and not isinstance(option, ConfigOption) else None
    return text if shown is None else f"{text} Default: ``{shown}``."


def _help_lines(text: str) -> list[str]:
    lines: list[str] = []
    for paragraph in inspect.cleandoc(text).split("\n\n"):
        # Indented lines of a help text are literal.
        lines += ["::", "", *paragraph.splitlines(), ""] if paragraph.startswith(" ") else [_escaped(paragraph), ""]
    return lines


def _escaped(text: str) -> str:
    # URLs are patterns to fill in, not links.
    return _URL.sub(r"``\g<0>``", text.replace("*", r"\*"))
