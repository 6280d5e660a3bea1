"""Filters and orders of lists, as SQL that means the same on SQLite and PostgreSQL."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from ..records import Filter, Lookup, Order

Columns = Mapping[str, sa.ColumnElement[Any]]
"""The columns that may be filtered and ordered by, by the name of the field that they store."""

Condition = sa.ColumnElement[bool]


def conditions(filters: Sequence[Filter], columns: Columns, dialect: str) -> list[Condition]:
    """Return the conditions for a ``WHERE``, which a row must all meet.

    Upper and lower case beyond ASCII count as different letters on SQLite for the lookups that ignore case.
    """
    return [_condition(each, columns[each.field], dialect) for each in filters]


def ordering(orders: Sequence[Order], columns: Columns) -> list[sa.ColumnElement[Any]]:
    """Return the expressions for an ``ORDER BY``."""
    return [expression for order in orders for expression in _ordered(columns[order.field], order.descending)]


def _ordered(column: sa.ColumnElement[Any], descending: bool) -> Iterator[sa.ColumnElement[Any]]:
    # SQLite sorts nulls first, PostgreSQL last. An index can be used only without this expression.
    keys = [column.is_(None), column] if getattr(column, "nullable", True) else [column]
    yield from (key.desc() if descending else key for key in keys)


def _condition(wanted: Filter, column: sa.ColumnElement[Any], dialect: str) -> Condition:
    match wanted.lookup:
        case Lookup.ISNULL:
            return column.is_(None) if wanted.value else column.is_not(None)
        case Lookup.IN:
            return column.in_(wanted.value)
        case Lookup.RANGE:
            return column.between(*wanted.value)
        case Lookup.CONTAINS:
            return _contains(column, wanted.value, dialect)
        case Lookup.ICONTAINS:
            return _contains(sa.func.lower(column), sa.func.lower(wanted.value), dialect)
        case Lookup.STARTSWITH:
            return _starts_with(column, wanted.value)
        case Lookup.ISTARTSWITH:
            return _starts_with(sa.func.lower(column), sa.func.lower(wanted.value))
        case Lookup.IEXACT:
            return sa.func.lower(column) == sa.func.lower(wanted.value)
    return _COMPARISONS[wanted.lookup](column, wanted.value)


def _contains(column: Any, text: Any, dialect: str) -> Condition:
    # Not LIKE: it has wildcards, and ignores case on SQLite.
    position = sa.func.instr if dialect == "sqlite" else sa.func.strpos
    found: Condition = position(column, text) > 0
    return found


def _starts_with(column: Any, text: Any) -> Condition:
    found: Condition = sa.func.substr(column, 1, sa.func.length(text)) == text
    return found


_COMPARISONS: Mapping[Lookup, Callable[[Any, Any], Condition]] = {
    Lookup.EXACT: lambda column, value: column == value,
    Lookup.NE: lambda column, value: column != value,
    Lookup.GT: lambda column, value: column > value,
    Lookup.GTE: lambda column, value: column >= value,
    Lookup.LT: lambda column, value: column < value,
    Lookup.LTE: lambda column, value: column <= value,
}
