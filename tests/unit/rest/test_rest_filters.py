"""Filters and order of lists: what their query parameters mean."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

import pytest
from fastapi import FastAPI, Query
from fastapi.exceptions import RequestValidationError
from httpx import ASGITransport, AsyncClient, Response
from starlette.requests import Request

from pulp_notifiers.records import select
from pulp_notifiers.rest.v3.errors import refusal_answer
from pulp_notifiers.rest.v3.filters import Choice, Flag, LabelSelect, ListQuery, Text, Time, Uuid, filterable
from pulp_notifiers.rest.v3.pages import Page


class Diet(StrEnum):
    MEAT = "meat"
    LEAVES = "leaves"


@dataclass(frozen=True)
class Animal:
    """A record to choose."""

    name: str
    diet: Diet
    keeper: str | None
    born_at: datetime | None
    tame: bool
    labels: dict[str, str]


def day(number: int) -> datetime:
    return datetime(2026, 11, number, tzinfo=UTC)


KEEPER = UUID("0b2f3a55-6f0e-4a8f-9a44-0b8b4f4f3f1a")
ANIMALS = [
    Animal("ape", Diet.LEAVES, None, day(3), True, {"house": "a", "floor": "1"}),
    Animal("Bear", Diet.MEAT, str(KEEPER), day(1), False, {"house": "b"}),
    Animal("bear-cub", Diet.MEAT, str(KEEPER), None, False, {"house": "Bb", "sick": ""}),
    Animal("caf\u00c9", Diet.LEAVES, None, day(2), True, {}),
]


@filterable(
    Text("name"),
    Choice("diet", Diet),
    Uuid("keeper", nullable=True),
    Time("pulp_born", "born_at", nullable=True),
    Flag("tame"),
    LabelSelect(),
    ordering={"name": "name", "pulp_born": "born_at", "diet": "diet"},
)
class AnimalQuery(ListQuery):
    """Query parameters that choose animals."""


@pytest.fixture(scope="module")
def zoo() -> Callable[[str], Response]:
    app = FastAPI(exception_handlers={RequestValidationError: refusal_answer})

    @app.get("/animals/")
    def animals(request: Request, query: Annotated[AnimalQuery, Query()]) -> Page[str]:
        found = [animal.name for animal in select(ANIMALS, query.filters, query.orders)]
        return Page[str].of(request, query, len(found), query.cut(found))

    async def get(url: str) -> Response:
        async with AsyncClient(transport=ASGITransport(app), base_url="http://zoo.example") as client:
            return await client.get(url)

    return lambda url: asyncio.run(get(url))


@pytest.fixture
def names(zoo: Callable[[str], Response]) -> Callable[[str], Any]:
    def ask(query: str) -> Any:
        answer = zoo(f"/animals/?{query}")
        return answer.json()["results"] if answer.status_code == 200 else answer.json()

    return ask


APE, BEAR, CUB, CAFE = (animal.name for animal in ANIMALS)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", [APE, BEAR, CUB, CAFE]),
        ("name=ape", [APE]),
        ("name=", []),
        ("name=APE", []),
        ("name__iexact=APE", [APE]),
        ("name__iexact=CAF%C3%A9", [CAFE]),
        ("name__ne=ape", [BEAR, CUB, CAFE]),
        ("name__in=ape,Bear", [APE, BEAR]),
        ("name__in=ape&name__in=Bear,none", [APE, BEAR]),
        ("name__in=", []),
        ("name__contains=ear", [BEAR, CUB]),
        ("name__contains=EAR", []),
        ("name__icontains=EAR", [BEAR, CUB]),
        ("name__startswith=bear", [CUB]),
        ("name__istartswith=bear", [BEAR, CUB]),
        ("name__startswith=%25", []),
        ("diet=meat", [BEAR, CUB]),
        ("diet__ne=meat", [APE, CAFE]),
        ("diet__in=meat,leaves", [APE, BEAR, CUB, CAFE]),
        (f"keeper={str(KEEPER).upper()}", [BEAR, CUB]),
        (f"keeper__ne={KEEPER}", []),
        ("keeper__isnull=true", [APE, CAFE]),
        ("keeper__isnull=False", [BEAR, CUB]),
        ("pulp_born__gt=2026-11-02T00:00:00Z", [APE]),
        ("pulp_born__gte=2026-11-02", [APE, CAFE]),
        ("pulp_born__lt=2026-11-02T02:00:00%2B02:00", [BEAR]),
        ("pulp_born__lte=2026-11-02T00:00:00.000", [BEAR, CAFE]),
        ("pulp_born__range=2026-11-01,2026-11-02", [BEAR, CAFE]),
        ("pulp_born=2026-11-01T00:00:00Z", [BEAR]),
        ("pulp_born__isnull=true", [CUB]),
        ("tame=true&name__ne=ape", [CAFE]),
        ("label_select=house", [APE, BEAR, CUB]),
        ("label_select=!house", [CAFE]),
        ("label_select=house=a", [APE]),
        ("label_select=house!=a", [BEAR, CUB]),
        ("label_select=house~b", [BEAR, CUB]),
        ("label_select=house~b,!sick", [BEAR]),
        ("label_select=house,%20floor=1", [APE]),
        ("label_select=sick=", [CUB]),
        ("ordering=name", [BEAR, APE, CUB, CAFE]),
        ("ordering=-diet,name", [BEAR, CUB, APE, CAFE]),
        ("ordering=-diet&ordering=-name", [CUB, BEAR, CAFE, APE]),
        ("ordering=pulp_born", [BEAR, CAFE, APE, CUB]),
        ("ordering=-pulp_born", [CUB, APE, CAFE, BEAR]),
        ("ordering=diet", [APE, CAFE, BEAR, CUB]),
    ],
)
def test_a_filter_chooses_what_pulp_3_s_filter_of_the_same_name_chooses(
    names: Callable[[str], Any], query: str, expected: list[str]
) -> None:
    """A field that is null is found by isnull only; several filters must all match."""
    assert expected == names(query)


@pytest.mark.parametrize(
    ("query", "field", "sentence"),
    [
        ("size__gt=3", "errors", "Invalid Filter: 'size__gt'"),
        ("name__regex=a", "errors", "Invalid Filter: 'name__regex'"),
        ("name=a%00", "name", "Null characters are not allowed."),
        ("name__in=a,b%00", "name__in", "Null characters are not allowed."),
        ("diet=fish", "diet", "Select a valid choice. fish is not one of the available choices."),
        ("diet__in=meat,", "diet__in", "Select a valid choice.  is not one of the available choices."),
        ("keeper=me", "keeper", "Enter a valid UUID."),
        ("keeper__isnull=maybe", "keeper__isnull", "Enter true or false."),
        ("pulp_born__gt=yesterday", "pulp_born__gt", "Enter a valid date/time"),
        ("pulp_born__gt=2026-11-02T02:00:00+02:00", "pulp_born__gt", "write the + of an offset as %2B"),
        ("pulp_born__gt=0001-01-01T00:00:00%2B14:00", "pulp_born__gt", "Enter a valid date/time"),
        ("pulp_born__gt=1500000000", "pulp_born__gt", "Enter a valid date/time"),
        ("pulp_born__range=2026-11-01", "pulp_born__range", "Range query expects two values."),
        ("tame=1", "tame", "Enter true or false."),
        ("label_select=", "label_select", "Invalid search term: ''."),
        ("label_select=a,!b=c", "label_select", "Cannot use an operator with '!b'."),
        ("label_select==c", "label_select", "Invalid search term: '=c'."),
        ("ordering=size", "ordering", "Select a valid choice. size is not one of the available choices."),
        ("ordering=name,--name", "ordering", "Choose from: name, pulp_born, diet, -name, -pulp_born, -diet."),
        ("ordering=", "ordering", "Select a valid choice."),
        ("name__in=" + "a," * 1000, "name__in", "Give at most 1000 values, not 1001."),
    ],
)
def test_a_wrong_filter_is_refused_in_pulp_3_s_words(
    names: Callable[[str], Any], query: str, field: str, sentence: str
) -> None:
    """Under the name of the parameter; unknown ones under errors."""
    ((found, (message,)),) = names(query).items()
    assert field == found
    assert sentence in message


def test_all_wrong_filters_are_reported_at_once(names: Callable[[str], Any]) -> None:
    """Each under its own name."""
    assert {"diet", "tame", "limit", "errors"} == names("diet=fish&tame=1&limit=0&a=1&b=2").keys()


def test_the_pages_keep_all_parameters(zoo: Callable[[str], Response]) -> None:
    """Also one that was given several times, and those with special characters."""
    query = "name__in=ape%2CBear&name__in=bear-cub&ordering=-name&name__icontains=%26e"
    assert [] == zoo(f"/animals/?{query}").json()["results"]
    page = zoo(f"/animals/?{query.removesuffix('%26e')}&limit=1&offset=1").json()

    assert ["ape"] == page["results"]
    parameters = "name__in=ape%2CBear&name__in=bear-cub&ordering=-name&name__icontains=&limit=1"
    assert f"http://zoo.example/animals/?{parameters}&offset=2" == page["next"]
    assert f"http://zoo.example/animals/?{parameters}" == page["previous"]
    assert [["bear-cub"], ["Bear"]] == [zoo(page[name]).json()["results"] for name in ("previous", "next")]


def test_the_openapi_document_describes_every_parameter(zoo: Callable[[str], Response]) -> None:
    """With Pulp 3's sentences."""
    operation = zoo("/openapi.json").json()["paths"]["/animals/"]["get"]
    parameters = {each["name"]: each for each in operation["parameters"]}

    assert all(each["description"] for each in parameters.values())
    assert "Filter results where name is in a comma-separated list of values." == parameters["name__in"]["description"]
    assert "array" == parameters["name__in"]["schema"]["type"]
    assert "date-time" == parameters["pulp_born__gt"]["schema"]["format"]
    assert ["meat", "leaves"] == parameters["diet"]["schema"]["enum"]
    assert "-pulp_born" in parameters["ordering"]["schema"]["items"]["enum"]
    assert not any(each.get("required") for each in parameters.values())


def test_times_are_compared_as_points_in_time() -> None:
    """Whatever their offsets."""
    query = AnimalQuery.model_validate({"pulp_born__gte": "2026-11-01T23:00:00-01:00"})
    (found,) = query.filters
    assert day(2) == found.value == datetime(2026, 11, 2, 1, tzinfo=timezone(timedelta(hours=1)))
