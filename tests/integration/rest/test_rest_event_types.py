"""The catalogue of event types over REST."""

from collections.abc import Iterator

import pytest
from jsonschema import Draft202012Validator

from pulp_notifiers.event_types import known_types
from tests.support.rest import OWN, RestService, rest_service

EVENT_TYPES = f"{OWN}event-types/"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RestService]:
    """Yield a service that the tests of this module share."""
    with rest_service(tmp_path_factory.mktemp("service")) as running:
        yield running


def test_every_event_type_has_its_schema_and_samples(service: RestService) -> None:
    """The bodies of the samples are what receivers get, and fit the schema."""
    page = service.request("GET", EVENT_TYPES).json()

    assert [known.name for known in known_types()] == [one["name"] for one in page["results"]]
    for one in page["results"]:
        assert {"pulp_href", "name", "description", "schema", "samples"} == one.keys()
        assert one == service.request("GET", one["pulp_href"]).json()
        assert 2 <= len(one["samples"])
        for sample in one["samples"]:
            assert {"name", "description", "id", "occurred_at", "source", "body"} == sample.keys()
            Draft202012Validator(one["schema"]).validate(sample["body"])


@pytest.mark.parametrize(
    "name", ["repo.sync", "repo.sync.finish.", "myapp.deploy", "..", "%2e%2e%2f", "%C3%A9", "a" * 3000]
)
def test_another_type_is_not_in_the_catalogue(service: RestService, name: str) -> None:
    """Whatever its name is."""
    assert 404 == service.request("GET", f"{EVENT_TYPES}{name}/").status


def test_event_types_are_filtered_ordered_and_in_pages(service: RestService) -> None:
    """As other lists."""
    page = service.request("GET", f"{EVENT_TYPES}?name__startswith=task.&ordering=-name&limit=2").json()

    assert (6, ["task.waiting", "task.skipped"]) == (page["count"], [one["name"] for one in page["results"]])
    assert "offset=2" in page["next"]
    assert 400 == service.request("GET", f"{EVENT_TYPES}?colour=x").status
    assert 405 == service.request("POST", EVENT_TYPES, {}).status


def test_the_samples_of_an_event_type_can_be_fired_again(service: RestService) -> None:
    """So that a receiver can be tried with them."""
    body = service.request("GET", f"{EVENT_TYPES}repo.sync.finish/").json()["samples"][0]["body"]

    assert 202 == service.request("POST", f"{OWN}events/", body).status
