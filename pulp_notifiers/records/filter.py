"""Filters and orders: which records of a list to show, in which order; for lists in memory and in the database."""

import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

T = TypeVar("T")


class Lookup(StrEnum):
    """How a filter compares a field with its value; named as in Django, and so in Pulp 3."""

    EXACT = "exact"
    IEXACT = "iexact"
    NE = "ne"
    IN = "in"
    CONTAINS = "contains"
    ICONTAINS = "icontains"
    STARTSWITH = "startswith"
    ISTARTSWITH = "istartswith"
    GT = "gt"
    GTE = "gte"
    LT = "lt"
    LTE = "lte"
    RANGE = "range"
    ISNULL = "isnull"
    LABELS = "labels"
    """The field is a mapping of labels, and the value a tuple of :class:`LabelTerm`, which must all match."""


class LabelOperator(StrEnum):
    """What a label term demands of the label that it names."""

    PRESENT = ""
    ABSENT = "!"
    EQUAL = "="
    UNEQUAL = "!="
    CONTAINS = "~"


@dataclass(frozen=True, slots=True)
class LabelTerm:
    """A demand on one label, such as ``environment=production``.

    :ivar value: what it is compared with; empty for ``PRESENT`` and ``ABSENT``.
    """

    key: str
    operator: LabelOperator
    value: str = ""

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Return whether labels meet the demand; one that is absent is not unequal."""
        if self.operator is LabelOperator.ABSENT:
            return self.key not in labels
        found = labels.get(self.key)
        return found is not None and _OF_LABELS[self.operator](found, self.value)


@dataclass(frozen=True, slots=True)
class Filter:
    """A comparison of a field of a record.

    As in SQL, a field that is None is matched by ``ISNULL`` only.

    :ivar field: name of the field in the record.
    :ivar value: of the field's type; a tuple of two for ``RANGE``, of any number for ``IN``, a bool for ``ISNULL``.
    """

    field: str
    lookup: Lookup
    value: Any

    def matches(self, found: Any) -> bool:
        """Return whether a value of the field matches."""
        if self.lookup is Lookup.ISNULL:
            return (found is None) is self.value
        return found is not None and bool(_COMPARISONS[self.lookup](found, self.value))


@dataclass(frozen=True, slots=True)
class Order:
    """An order by a field; None counts as greater than everything else, as on PostgreSQL.

    :ivar field: name of the field in the record.
    """

    field: str
    descending: bool = False


def select(records: Iterable[T], filters: Sequence[Filter], orders: Sequence[Order] = ()) -> list[T]:
    """Return the records that match all filters, ordered by the first order, then the next.

    Records that are equal in all orders stay in the order in which they came.
    """
    found = [record for record in records if all(each.matches(getattr(record, each.field)) for each in filters)]
    for order in reversed(orders):
        found.sort(key=_key(order.field), reverse=order.descending)
    return found


def _key(field: str) -> Callable[[Any], tuple[bool, Any]]:
    def key(record: Any) -> tuple[bool, Any]:
        value = getattr(record, field)
        return (True, 0) if value is None else (False, value)

    return key


def _in_any_case(compare: Callable[[str, str], bool]) -> Callable[[str, str], bool]:
    return lambda found, value: compare(found.casefold(), value.casefold())


_COMPARISONS: Mapping[Lookup, Callable[[Any, Any], bool]] = {
    Lookup.EXACT: operator.eq,
    Lookup.IEXACT: _in_any_case(operator.eq),
    Lookup.NE: operator.ne,
    Lookup.IN: lambda found, values: found in values,
    Lookup.CONTAINS: operator.contains,
    Lookup.ICONTAINS: _in_any_case(operator.contains),
    Lookup.STARTSWITH: str.startswith,
    Lookup.ISTARTSWITH: _in_any_case(str.startswith),
    Lookup.GT: operator.gt,
    Lookup.GTE: operator.ge,
    Lookup.LT: operator.lt,
    Lookup.LTE: operator.le,
    Lookup.RANGE: lambda found, ends: ends[0] <= found <= ends[1],
    Lookup.LABELS: lambda found, terms: all(term.matches(found) for term in terms),
}

_OF_LABELS: Mapping[LabelOperator, Callable[[str, str], bool]] = {
    LabelOperator.PRESENT: lambda found, value: True,
    LabelOperator.EQUAL: operator.eq,
    LabelOperator.UNEQUAL: operator.ne,
    LabelOperator.CONTAINS: _in_any_case(operator.contains),
}
