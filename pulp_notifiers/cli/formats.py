"""How a command prints what it shows: a table for people, JSON or YAML for scripts.

A command that shows something takes the format from :func:`format_option` and hands it, with a document of the REST
API and a function that draws the table, to :func:`show`::

    @event.command("list")
    @format_option
    @pass_connection
    def list_events(connection: Connection, /, output_format: str) -> None:
        found = read_all(connection.client(), path)
        show(found, output_format, lambda: print_table(_COLUMNS, [_row(one) for one in found]))
"""

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import click

from .document_texts import FORMATS, JSON, TABLE, as_text

FunctionT = TypeVar("FunctionT", bound=Callable[..., Any])

_ALIAS = f"{__name__}.alias"


def format_option(command: FunctionT) -> FunctionT:
    """Add ``--format`` and ``--json``, of which the command gets one of table, json and yaml as ``output_format``.

    If neither is given, the settings decide.
    """
    for option in (_json, _format):
        command = option(command)
    return command


def show(document: Sequence[Any] | Mapping[str, Any], output_format: str, print_tables: Callable[[], object]) -> None:
    """Print what a command shows.

    :param document: what scripts get, with the keys of the REST API.
    :param output_format: as the command got it.
    :param print_tables: prints the same for people; called only for them.
    """
    if output_format == TABLE:
        print_tables()
    else:
        click.echo(as_text(document, output_format), nl=False)


def _remember_alias(context: click.Context, parameter: click.Parameter, given: bool) -> None:
    context.meta[_ALIAS] = given


def _chosen(context: click.Context, parameter: click.Parameter, value: str | None) -> str:
    if context.meta.get(_ALIAS):
        if value not in (None, JSON):
            raise click.UsageError(f"--json is the same as --format json: leave it or --format {value} out.", context)
        return JSON
    if value is not None or context.resilient_parsing:
        return value or TABLE
    from .stored_connection import stored_format

    return stored_format(os.environ) or TABLE


# Eager, so that it is known when --format is handled, in whatever order they are given.
_json = click.option(
    "--json",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_remember_alias,
    help="Print JSON, for scripts: the same as --format json.",
)
_format = click.option(
    "output_format",
    "--format",
    type=click.Choice(FORMATS),
    callback=_chosen,
    help="What to print: a table for people, or JSON or YAML for scripts; [client] format in the settings, else table.",
)
