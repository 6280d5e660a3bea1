"""Filters and order of lists, declared for each resource and named as in Pulp 3.

::

    @filterable(Text("name"), Time("pulp_created", "created_at"), ordering={"name": "name"})
    class ZooQuery(ListQuery):
        \"""Query parameters that choose zoos.\"""

gives the list the parameters ``name``, ``name__in``, ``name__contains`` ... ``pulp_created__gt`` ... and ``ordering``,
each with its description in the OpenAPI document.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, ClassVar, TypeVar
from uuid import UUID

from pydantic import AfterValidator, Field, PlainValidator, WithJsonSchema, create_model

from ...records import Filter, LabelOperator, LabelTerm, Lookup, Order
from .pages import Paging

Schema = dict[str, Any]
Reader = Callable[[str], Any]
"""Returns the value that a text means, or raises a ``ValueError`` with a sentence."""

QueryT = TypeVar("QueryT", bound="ListQuery")

MAX_VALUES = 1000
"""Values of one ``__in``; SQLite allows 32766 parameters in a statement."""

TEXT_LOOKUPS = (
    Lookup.EXACT,
    Lookup.IEXACT,
    Lookup.NE,
    Lookup.IN,
    Lookup.CONTAINS,
    Lookup.ICONTAINS,
    Lookup.STARTSWITH,
    Lookup.ISTARTSWITH,
)
CHOICE_LOOKUPS = (Lookup.EXACT, Lookup.NE, Lookup.IN)
COMPARED_LOOKUPS = (Lookup.EXACT, Lookup.NE, Lookup.GT, Lookup.GTE, Lookup.LT, Lookup.LTE, Lookup.RANGE)

_IS_NULL = (Lookup.ISNULL,)
_MEANINGS = {
    Lookup.EXACT: "matches value",
    Lookup.IEXACT: "matches value, in upper or lower case",
    Lookup.NE: "is not equal to value",
    Lookup.IN: "is in a comma-separated list of values",
    Lookup.CONTAINS: "contains value",
    Lookup.ICONTAINS: "contains value, in upper or lower case",
    Lookup.STARTSWITH: "starts with value",
    Lookup.ISTARTSWITH: "starts with value, in upper or lower case",
    Lookup.GT: "is greater than value",
    Lookup.GTE: "is greater than or equal to value",
    Lookup.LT: "is less than value",
    Lookup.LTE: "is less than or equal to value",
    Lookup.RANGE: "is between two comma separated values",
    Lookup.ISNULL: "has a null value",
}
_LABEL_OPERATORS = (LabelOperator.UNEQUAL, LabelOperator.EQUAL, LabelOperator.CONTAINS)
_TEXT: Schema = {"type": "string", "pattern": "^[^\\u0000]*$"}


@dataclass(frozen=True, slots=True)
class FilterField:
    """A field of a resource by which its list can be filtered.

    :ivar name: of the query parameter, before the lookup.
    :ivar attribute: of the record.
    :ivar lookups: there is a parameter for each; ``exact`` is the one without suffix.
    :ivar read: reads one value.
    :ivar schema: JSON Schema of one value.
    :ivar description: of the only parameter, if that is not the usual sentence.
    """

    name: str
    attribute: str
    lookups: Collection[Lookup]
    read: Reader
    schema: Schema
    description: str | None = None

    def parameters(self) -> Iterator[tuple[str, Lookup, Any]]:
        """Yield name, lookup and annotation of each parameter."""
        for lookup in self.lookups:
            plain = lookup in (Lookup.EXACT, Lookup.LABELS)
            yield self.name if plain else f"{self.name}__{lookup}", lookup, self._annotation(lookup)

    def filter(self, lookup: Lookup, value: Any) -> Filter:
        """Return the filter of a parameter with a value."""
        return Filter(self.attribute, lookup, value)

    def _annotation(self, lookup: Lookup) -> Any:
        described = Field(description=self.description or f"Filter results where {self.name} {_MEANINGS[lookup]}.")
        if lookup is Lookup.ISNULL:
            return Annotated[str | None, PlainValidator(_flag), WithJsonSchema({"type": "boolean"}), described]
        if lookup not in (Lookup.IN, Lookup.RANGE):
            return Annotated[str | None, PlainValidator(self.read), WithJsonSchema(self.schema), described]
        schema = {"type": "array", "items": self.schema}
        several = AfterValidator(_all_of(self.read, 2 if lookup is Lookup.RANGE else None))
        return Annotated[list[str] | None, several, WithJsonSchema(schema), described]


def Text(  # noqa: N802  kinds of fields read like types in declarations
    name: str, attribute: str = "", lookups: Collection[Lookup] = TEXT_LOOKUPS, nullable: bool = False
) -> FilterField:
    """Return the declaration of a text."""
    return FilterField(name, attribute or name, (*lookups, *_null(nullable)), _text, _TEXT)


def Choice(  # noqa: N802
    name: str, choices: type[StrEnum], attribute: str = "", lookups: Collection[Lookup] = CHOICE_LOOKUPS
) -> FilterField:
    """Return the declaration of a field that has one of a few values."""
    schema = {"type": "string", "enum": [choice.value for choice in choices]}
    return FilterField(name, attribute or name, lookups, _one_of(choices), schema)


def Uuid(  # noqa: N802
    name: str, attribute: str = "", lookups: Collection[Lookup] = CHOICE_LOOKUPS, nullable: bool = False
) -> FilterField:
    """Return the declaration of a UUID, which the record has as text."""
    schema = {"type": "string", "format": "uuid"}
    return FilterField(name, attribute or name, (*lookups, *_null(nullable)), _uuid, schema)


def Time(  # noqa: N802
    name: str, attribute: str = "", lookups: Collection[Lookup] = COMPARED_LOOKUPS, nullable: bool = False
) -> FilterField:
    """Return the declaration of a time; one without offset is UTC."""
    schema = {"type": "string", "format": "date-time"}
    return FilterField(name, attribute or name, (*lookups, *_null(nullable)), _time, schema)


def Flag(name: str, attribute: str = "") -> FilterField:  # noqa: N802
    """Return the declaration of a field that is true or false."""
    return FilterField(name, attribute or name, (Lookup.EXACT,), _flag, {"type": "boolean"})


def LabelSelect(name: str = "label_select", attribute: str = "labels") -> FilterField:  # noqa: N802
    """Return the declaration of labels, with the syntax of Pulp 3's ``pulp_label_select``."""
    description = (
        "Filter labels by search string: comma-separated terms, which must all match. key: has the label; !key: lacks "
        "it; key=value, key!=value: has it with this or another value; key~value: its value contains this, in upper or "
        "lower case."
    )
    return FilterField(name, attribute, (Lookup.LABELS,), _label_terms, _TEXT, description)


class ListQuery(Paging):
    """Query parameters of a list with filters; :func:`filterable` adds those that a resource declares."""

    filter_fields: ClassVar[Mapping[str, tuple[FilterField, Lookup]]] = {}
    order_fields: ClassVar[Mapping[str, str]] = {}

    @property
    def filters(self) -> tuple[Filter, ...]:
        """The declared filters that the request has."""
        given = self.model_fields_set & self.filter_fields.keys()
        found = {name: self.filter_fields[name] for name in sorted(given)}
        return tuple(field.filter(lookup, getattr(self, name)) for name, (field, lookup) in found.items())

    @property
    def orders(self) -> tuple[Order, ...]:
        """The orders that the request asks for, the first one first."""
        names: Iterable[str] = getattr(self, "ordering", None) or ()
        return tuple(Order(self.order_fields[name.removeprefix("-")], name.startswith("-")) for name in names)


def filterable(
    *fields: FilterField, ordering: Mapping[str, str] | Iterable[str] = ()
) -> Callable[[type[QueryT]], type[QueryT]]:
    """Return a decorator that adds query parameters to a :class:`ListQuery`.

    :param ordering: the names by which the list can be ordered, and the attribute of each, if that has another name.
    """
    orders = dict(ordering) if isinstance(ordering, Mapping) else {name: name for name in ordering}

    def decorate(query: type[QueryT]) -> type[QueryT]:
        found = {name: (field, lookup) for field in fields for name, lookup, _ in field.parameters()}
        added: dict[str, Any] = {
            name: (annotation, None) for field in fields for name, _, annotation in field.parameters()
        }
        if orders:
            added["ordering"] = (_ordering(orders), None)
        extended: Any = create_model(query.__name__, __base__=query, __module__=query.__module__, **added)
        extended.__doc__ = query.__doc__
        extended.filter_fields = {**query.filter_fields, **found}
        extended.order_fields = {**query.order_fields, **orders}
        result: type[QueryT] = extended
        return result

    return decorate


def without(field: FilterField, *lookups: Lookup) -> FilterField:
    """Return a field without some of its lookups."""
    return replace(field, lookups=tuple(each for each in field.lookups if each not in lookups))


def _ordering(names: Collection[str]) -> Any:
    choices = [*names, *(f"-{name}" for name in names)]

    def read(text: str) -> str:
        if text not in choices:
            raise ValueError(f"{_no_choice(text)} Choose from: {', '.join(choices)}.")
        return text

    return Annotated[
        list[str] | None,
        AfterValidator(_all_of(read)),
        WithJsonSchema({"type": "array", "items": {"type": "string", "enum": choices}}),
        Field(description="Fields by which to order, comma-separated; with - before one, in descending order."),
    ]


def _all_of(read: Reader, number: int | None = None) -> Callable[[list[str]], tuple[Any, ...]]:
    def read_all(sent: list[str]) -> tuple[Any, ...]:
        # Separated by commas, as Pulp 3 reads them, or in several parameters, as generated clients send them.
        texts = [text for part in sent for text in part.split(",")]
        if number is not None and len(texts) != number:
            raise ValueError("Range query expects two values.")
        if len(texts) > MAX_VALUES:
            raise ValueError(f"Give at most {MAX_VALUES} values, not {len(texts)}.")
        return tuple(read(text) for text in texts)

    return read_all


def _text(text: str) -> str:
    if "\0" in text:
        raise ValueError("Null characters are not allowed.")
    return text


def _one_of(choices: type[StrEnum]) -> Reader:
    def read(text: str) -> StrEnum:
        try:
            return choices(text)
        except ValueError:
            raise ValueError(_no_choice(text)) from None

    return read


def _no_choice(text: str) -> str:
    return f"Select a valid choice. {text} is not one of the available choices."


def _uuid(text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        raise ValueError("Enter a valid UUID.") from None


def _time(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(
            "Enter a valid date/time, such as 2026-11-30T21:04:00Z; in a URL, write the + of an offset as %2B."
        ) from None


def _flag(text: str) -> bool:
    flag = {"true": True, "false": False}.get(text.lower())
    if flag is None:
        raise ValueError("Enter true or false.")
    return flag


def _label_terms(text: str) -> tuple[LabelTerm, ...]:
    return tuple(_label_term(term) for term in _text(text).split(","))


def _label_term(term: str) -> LabelTerm:
    absent = term.startswith("!")
    # The one that comes first, and != before =.
    places = [(term.find(each, absent), -len(each), each) for each in _LABEL_OPERATORS if each in term[absent:]]
    if absent and places:
        raise ValueError(f"Cannot use an operator with '{term[: min(places)[0]]}'.")
    operator = LabelOperator.ABSENT if absent else LabelOperator.PRESENT
    key, value = term[absent:], ""
    if places:
        operator = min(places)[2]
        key, _, value = term.partition(operator)
    if not key.strip():
        raise ValueError(f"Invalid search term: '{term}'.")
    return LabelTerm(key.strip(), operator, value)


def _null(nullable: bool) -> tuple[Lookup, ...]:
    return _IS_NULL if nullable else ()
