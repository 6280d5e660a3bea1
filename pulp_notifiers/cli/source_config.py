"""Options of a source, given on the command line, in files, or typed if they are secret."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

import click

from .event import JsonSource, OnCommandLine
from .given_secrets import read_secret, warn_of_secrets
from .options import InvalidOptionText, JsonText

FunctionT = TypeVar("FunctionT", bound=Callable[..., Any])


class _FromFile(str):
    """A text that was read from a file."""


class ConfigPair(click.ParamType[tuple[str, Any]]):
    """One option of a source: ``KEY=TEXT``, ``KEY=@FILE`` or ``KEY:=JSON``."""

    name = "KEY=VALUE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, Any]:
        """Return key and value."""
        if isinstance(value, tuple):
            return value
        key, equals, text = value.partition("=")
        is_json = key.endswith(":")
        key = key.removesuffix(":")
        if not (key and equals):
            raise click.BadParameter("write KEY=TEXT, KEY=@FILE or KEY:=JSON", ctx, param)
        if is_json:
            return key, JsonText().convert(text, param, ctx)
        return key, _FromFile(_read(key, text[1:], param, ctx)) if text.startswith("@") else text


def config_given(command: FunctionT) -> FunctionT:
    """Add the options from which :func:`gathered` makes a config."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def gathered(pairs: Iterable[tuple[str, Any]], config_json: dict[str, Any] | None, secrets: Iterable[str]) -> Any:
    """Return the config that a command line gives; asks for secrets."""
    config = dict(config_json or {})
    for key, value in pairs:
        _add(config, key, value)
        if not isinstance(value, _FromFile):
            warn_of_secrets({f"--config {key}": value}, f"use --secret {key}, or --config {key}=@FILE")
    for key in secrets:
        _add(config, key, read_secret(key, f"--config {key}=@FILE"))
    return {key: str(value) if isinstance(value, _FromFile) else value for key, value in config.items()}


def _add(config: dict[str, Any], key: str, value: Any) -> None:
    if key in config:
        raise click.UsageError(f"{key} is given twice: leave one of the two out.")
    config[key] = value


def _warn(context: click.Context, parameter: click.Parameter, value: Any) -> Any:
    # Only here is it known whether the JSON was on the command line.
    if isinstance(value, OnCommandLine):
        warn_of_secrets({"--config-json": value}, "use --config-json @FILE or --config-json -")
    return value


def _read(key: str, path: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError, ValueError) as error:
        raise InvalidOptionText(f"The file of {key} cannot be read: {error}.", ctx, param) from None


_OPTIONS = (
    click.option(
        "pairs",
        "--config",
        type=ConfigPair(),
        multiple=True,
        help="An option of the source: KEY=TEXT, KEY=@FILE to read the text from a file, or KEY:=JSON for a list, an "
        "object or null; may be given several times.",
    ),
    click.option(
        "secrets",
        "--secret",
        metavar="KEY",
        multiple=True,
        help="An option of the source that you are asked for; without a terminal, a line of standard input; may be "
        "given several times.",
    ),
    click.option(
        "--config-json",
        type=JsonSource(),
        callback=_warn,
        help="Options: JSON, @FILE to read it from a file, or - for standard input.",
    ),
)
