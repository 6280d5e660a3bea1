"""Tables for people and JSON for scripts."""

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import click

from .output import echo, shown

Row = Sequence[object]

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts.")


def print_table(columns: Sequence[str], rows: Sequence[Row]) -> None:
    """Print a table; if the output is not a terminal, in plain aligned columns that are never cut."""
    texts = [[_cell(value) for value in row] for row in rows]
    if sys.stdout.isatty():
        _print_drawn(columns, texts)
        return
    widths = [max(map(len, column)) for column in zip(columns, *texts, strict=True)]
    for row in [columns, *texts]:
        echo("  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip())


def print_json(value: Sequence[Any] | Mapping[str, Any]) -> None:
    """Print a document as JSON."""
    click.echo(json.dumps(value, indent=2))  # in ASCII, so that it is the same data in every encoding


def _cell(value: object) -> str:
    if isinstance(value, bool | list | dict):
        # In the form that --config KEY:=JSON accepts, not in that of Python.
        text = json.dumps(value, ensure_ascii=False)
        return text if shown(text) == text else json.dumps(value)
    return "" if value is None else shown(str(value))


def _print_drawn(columns: Sequence[str], texts: Sequence[Sequence[str]]) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD)
    for column in columns:
        # An id that is folded cannot be copied.
        table.add_column(column, no_wrap=column == "Id", overflow="fold")
    for row in texts:
        # As Text, because rich takes brackets in a plain string for markup.
        table.add_row(*(Text(text, overflow="fold") for text in row))
    Console().print(table)
