"""Markdown tables."""

import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .rounds import Figures


@dataclass(frozen=True)
class Column:
    """A column of figures.

    :ivar key: of the figure; a row without it gets an empty cell.
    :ivar form: a format such as ``{:.2f}``.
    """

    title: str
    key: str
    form: str


def machine() -> str:
    """Return what figures depend on besides the code."""
    return f"Python {platform.python_version()}, {os.cpu_count()} cores"


def print_table(title: str, facts: str, columns: Sequence[Column], rows: Mapping[str, Figures]) -> None:
    """Print a table under a heading, with what was measured and on which machine; without columns that are empty."""
    columns = [column for column in columns if any(column.key in figures for figures in rows.values())]
    print(f"\n### {title}\n\n{facts}\n{machine()}.\n")
    print("".join(f"| {column.title} " for column in (Column("", "", ""), *columns)) + "|")
    print("|---" + "|--:" * len(columns) + "|")
    for name, figures in rows.items():
        cells = [column.form.format(figures[column.key]) if column.key in figures else "" for column in columns]
        print("| " + " | ".join([name, *cells]) + " |", flush=True)
