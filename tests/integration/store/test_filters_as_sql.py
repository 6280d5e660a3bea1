"""Filters and orders mean the same in memory, on SQLite and on PostgreSQL."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from pulp_notifiers.records import Filter, Lookup, Order, select
from pulp_notifiers.store.filters import conditions, ordering
from pulp_notifiers.store.schema import UtcTime


@dataclass(frozen=True)
class Animal:
    """A record to choose."""

    name: str
    keeper: str | None
    born_at: datetime | None


def day(number: int) -> datetime:
    return datetime(2026, 11, number, tzinfo=UTC)


ANIMALS = [
    Animal("ape", None, day(3)),
    Animal("Bear", "me", day(1)),
    Animal("bear_cub", "Me", None),
    Animal("a%e", None, day(2)),
    Animal("\u00e9p\u00e9e", "", day(4)),
]
TABLE = sa.Table(
    "animals",
    sa.MetaData(),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("keeper", sa.Text),
    sa.Column("born_at", UtcTime),
)
FILTERS = [
    *[
        [Filter(field, lookup, text)]
        for field in ("name", "keeper")
        for text in ("ape", "BEAR", "bear", "me", "a%", "_", "", "\u00e9", "ape'")
        for lookup in Lookup
        if lookup in ("exact", "iexact", "ne", "contains", "icontains", "startswith", "istartswith")
    ],
    *[
        [Filter("born_at", lookup, value)]
        for lookup, value in (
            (Lookup.GT, day(2)),
            (Lookup.GTE, day(2)),
            (Lookup.LT, day(2)),
            (Lookup.LTE, day(2)),
            (Lookup.EXACT, day(2)),
            (Lookup.NE, day(2)),
            (Lookup.RANGE, (day(1), day(2))),
            (Lookup.RANGE, (day(2), day(1))),
            (Lookup.ISNULL, True),
            (Lookup.ISNULL, False),
            (Lookup.IN, ()),
            (Lookup.IN, (day(1), day(4))),
        )
    ],
    [Filter("name", Lookup.IN, ("ape", "Bear")), Filter("keeper", Lookup.ISNULL, False)],
    [],
]


@pytest.fixture
def connection(database_url: str) -> Iterator[sa.Connection]:
    """Yield a connection to a database with the animals."""
    engine = sa.create_engine(database_url)
    with engine.begin() as connection:
        TABLE.create(connection)
        connection.execute(TABLE.insert(), [asdict(animal) for animal in ANIMALS])
        yield connection
    engine.dispose()


def test_a_filter_chooses_the_same_in_memory_and_in_the_database(connection: sa.Connection) -> None:
    """Wildcards of LIKE are ordinary characters, and a null matches isnull only."""
    columns = dict(TABLE.c)
    for filters in FILTERS:
        query = sa.select(TABLE.c.name).where(*conditions(filters, columns, connection.dialect.name))
        found = set(connection.execute(query).scalars())
        assert {animal.name for animal in select(ANIMALS, filters)} == found, filters


def test_an_order_is_the_same_in_memory_and_in_the_database(connection: sa.Connection) -> None:
    """A null comes last, and first in descending order."""
    for orders in ([Order("born_at")], [Order("born_at", True)]):
        query = sa.select(TABLE.c.name).order_by(*ordering(orders, dict(TABLE.c)))
        assert [animal.name for animal in select(ANIMALS, [], orders)] == list(connection.execute(query).scalars())
