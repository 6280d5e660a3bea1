"""The parts of a template, as options of the command line and as files."""

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

FunctionT = TypeVar("FunctionT", bound=Callable[..., Any])


def parts_given(command: FunctionT) -> FunctionT:
    """Add the options that give parts; the command passes them to :func:`read_parts`."""
    for option in (_FILES, _JSON, _TEXTS):
        command = option(command)
    return command


def read_parts(part_texts: Sequence[str], part_json: Sequence[str], part_files: Sequence[str]) -> dict[str, Any]:
    """Return the parts that options give."""
    parts: dict[str, Any] = {}
    for name, value in (*_texts(part_texts), *_json(part_json), *_files(part_files)):
        if name in parts:
            raise click.UsageError(f"The part {name} is given twice.")
        parts[name] = value
    return parts


def read_folder(folder: Path) -> dict[str, Any]:
    """Return the template whose files are in a folder, without its name."""
    from ..errors import InvalidTemplate
    from ..template_files import read_template

    try:
        found = read_template(folder)
    except InvalidTemplate as invalid:
        lines = [f"{folder / file if file else folder}: {' '.join(said)}" for file, said in invalid.problems.items()]
        raise click.ClickException("\n".join(lines)) from None
    except OSError as error:
        raise click.ClickException(f"{folder} cannot be read: {error.strerror}.") from None
    if not found["notifier_type"]:
        raise click.ClickException(f"{folder / 'template.json'} does not say for which notifier_type it is.")
    return found


def _texts(given: Sequence[str]) -> Iterator[tuple[str, str]]:
    for text in given:
        yield _split(text, "--part")


def _json(given: Sequence[str]) -> Iterator[tuple[str, Any]]:
    for text in given:
        name, value = _split(text, "--part-json")
        try:
            yield name, json.loads(value)
        except (ValueError, RecursionError) as problem:
            raise click.BadParameter(f"{name} is not JSON: {problem}.", param_hint="--part-json") from None


def _files(given: Sequence[str]) -> Iterator[tuple[str, Any]]:
    for text in given:
        name, file = _split(text, "--part-file")
        try:
            content = Path(file).read_text(encoding="utf-8")
            yield name, json.loads(content) if file.endswith(".json") else content.removesuffix("\n")
        except OSError as error:
            raise click.BadParameter(f"{file} cannot be read: {error.strerror}.", param_hint="--part-file") from None
        except ValueError as problem:
            raise click.BadParameter(f"{file}: {problem}.", param_hint="--part-file") from None


def _split(text: str, option: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise click.BadParameter(f"{text!r} is not PART=VALUE.", param_hint=option)
    return name, value


_TEXTS = click.option(
    "part_texts", "--part", multiple=True, metavar="PART=TEXT", help="A part that is a text; repeatable."
)
_JSON = click.option(
    "part_json",
    "--part-json",
    multiple=True,
    metavar="PART=JSON",
    help="A part that is a JSON value, such as json or headers; repeatable.",
)
_FILES = click.option(
    "part_files",
    "--part-file",
    multiple=True,
    metavar="PART=FILE",
    help="A part that is the content of a file; JSON if its name ends with .json. Repeatable.",
)
