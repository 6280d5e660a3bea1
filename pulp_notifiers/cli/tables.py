"""Tables for people."""

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from .output import echo, shown

Row = Sequence[object]

_GAP = 3
"""Columns of a terminal between two columns of a table."""

_MOST_WHOLE = {"Id": 1.0, "Name": 0.4}
"""Part of a terminal up to which an id or a name is never folded."""

_FAIR = 24
"""Columns of a terminal in which a text can be read even if it is folded."""

_LONGEST_CUT = 120
"""Characters of a text that may be cut: a few lines in a narrow column."""


def print_table(
    columns: Sequence[str], rows: Sequence[Row], least_important: Sequence[str] = (), cut: Sequence[str] = ()
) -> None:
    """Print a table; if the output is not a terminal, in plain aligned columns that are never cut.

    :param least_important: columns to leave out on a narrow terminal, the first one first.
    :param cut: columns whose texts may be so long that a terminal shows only their beginning.
    """
    texts = [[_cell(value) for value in row] for row in rows]
    if sys.stdout.isatty():
        is_cut = [column in cut for column in columns]
        beginnings = [list(map(_shown_part, row, is_cut)) for row in texts]
        _print_drawn(columns, beginnings, least_important)
        if beginnings != texts:
            echo(f"Long texts are cut: {', '.join(cut)}. --json shows everything.", err=True)
        return
    widths = [max(map(_width, column)) for column in zip(columns, *texts, strict=True)]
    for row in [columns, *texts]:
        cells = (text + " " * (width - _width(text)) for text, width in zip(row, widths, strict=True))
        echo("  ".join(cells).rstrip())


def in_one_line(config: Mapping[str, Any]) -> str:
    """Return options separated by commas."""
    return ", ".join(f"{key}={value if isinstance(value, str) else _as_json(value)}" for key, value in config.items())


def _as_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _cell(value: object) -> str:
    if isinstance(value, bool | list | dict):
        # In the form that --config KEY:=JSON accepts, not in that of Python.
        text = _as_json(value)
        return text if shown(text) == text else json.dumps(value)
    return "" if value is None else shown(str(value))


def _shown_part(text: str, is_cut: bool) -> str:
    return f"{text[: _LONGEST_CUT - 3]}..." if is_cut and len(text) > _LONGEST_CUT else text


def _width(text: str) -> int:
    """Return how many columns of a terminal a text takes: two for a Chinese character, none for a combining one."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum(0 if combining(letter) else 1 + (east_asian_width(letter) in "WF") for letter in text)


def _print_drawn(columns: Sequence[str], texts: Sequence[Sequence[str]], least_important: Sequence[str]) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    widths = {cells[0]: max(map(_width, cells)) for cells in zip(columns, *texts, strict=True)}
    left_out = _left_out(widths, least_important, console.width)
    shown_widths = {column: width for column, width in widths.items() if column not in left_out}
    whole = _kept_whole(shown_widths, console.width)
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for column, width in shown_widths.items():
        # An id or name that is folded cannot be copied.
        is_whole = column in whole or width <= console.width * _MOST_WHOLE.get(column, 0)
        table.add_column(column, no_wrap=is_whole, overflow="fold")
    for row in texts:
        # As Text, because rich takes brackets in a plain string for markup.
        cells = zip(columns, row, strict=True)
        table.add_row(*(Text(text, overflow="fold") for column, text in cells if column in shown_widths))
    console.print(table)
    if left_out:
        echo(f"Not shown for lack of room: {', '.join(left_out)}. --json shows everything.", err=True)


def _left_out(widths: Mapping[str, int], least_important: Sequence[str], room: int) -> Sequence[str]:
    """Return the columns to leave out, so that each of the others has room for a fair part of its text."""
    needed = {column: min(width, _FAIR) + _GAP for column, width in widths.items()}
    left_out: list[str] = []
    for column in least_important:
        if sum(needed.values()) <= room:
            break
        left_out.append(column)
        del needed[column]
    return left_out


def _kept_whole(widths: Mapping[str, int], room: int) -> set[str]:
    """Return the columns that are not folded: short ones, unless they take most of the room."""
    short = {column: width for column, width in widths.items() if width < _FAIR}
    return set(short) if sum(short.values()) + _GAP * len(short) <= room * 0.6 else set()
