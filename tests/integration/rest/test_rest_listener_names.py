"""What people give a listener in the v3 API: name, description, labels, and whether it gets events."""

from typing import Any

import pytest

from tests.support.rest import EVENTS, OWN, RestService

LISTENERS = f"{OWN}listeners/"
GOOD = {"notifier_type": "http", "config": {"url": "https://x.example/"}, "event_types": ["repo.#"]}
FACE = {
    "name": "ops.failures",
    "description": "Calls ops ☎",
    "enabled": False,
    "labels": {"team": "storage", "é 1": ""},
    "when": "payload.repo_id == 'zoo'",
}


@pytest.fixture
def service(running: RestService) -> RestService:
    """The service without listeners."""
    running.clear()
    return running


def register(service: RestService, **values: Any) -> dict[str, Any]:
    """Register a listener and return its document."""
    answer = service.request("POST", LISTENERS, {**GOOD, **values})
    assert answer.status == 201, answer.body
    document: dict[str, Any] = answer.json()
    return document


def test_what_people_give_a_listener_is_shown_and_changed(service: RestService) -> None:
    """A change leaves what is absent or null as it is."""
    created = register(service, **FACE)
    changed = service.request("PATCH", created["pulp_href"], {"labels": {}, "name": None, "enabled": None}).json()
    again = service.request("PATCH", created["pulp_href"], {"name": "x", "enabled": True, "description": ""}).json()

    assert FACE.items() <= created.items()
    assert {**FACE, "labels": {}}.items() <= changed.items()
    assert {"name": "x", "enabled": True, "description": "", "labels": {}}.items() <= again.items()
    assert created["pulp_created"] == again["pulp_created"] < again["pulp_last_updated"]


def test_a_name_is_accepted_wherever_an_id_is(service: RestService) -> None:
    """In paths, also of changes and deletion, and as a filter of deliveries."""
    created = register(service, name="ops")

    assert created == service.request("GET", f"{LISTENERS}ops/").json()
    assert "new" == service.request("PATCH", f"{LISTENERS}ops/", {"description": "new"}).json()["description"]
    for listener in ("ops", created["id"], created["id"].upper()):
        assert 0 == service.request("GET", f"{OWN}deliveries/?listener={listener}").json()["count"]
    assert 204 == service.request("DELETE", f"{LISTENERS}ops/").status
    assert 404 == service.request("GET", f"{LISTENERS}ops/").status
    assert 404 == service.request("GET", f"{LISTENERS}%00%ff/").status


def test_an_unknown_name_as_a_filter_is_reported(service: RestService) -> None:
    """An unknown id is not, because the deliveries of a deleted listener are still listed."""
    answer = service.request("GET", f"{OWN}deliveries/?listener=onduty")

    sentence = "No listener has the name 'onduty': list the listeners to find the right name."
    assert (400, {"listener": [sentence]}) == (answer.status, answer.json())
    assert 200 == service.request("GET", f"{OWN}deliveries/?listener={'0' * 24}").status


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("name", "taken", "A listener named 'taken' already exists: choose another name."),
        ("name", "a b", "'a b' is not a name: use 1 to 64 letters"),
        ("name", "", "'' is not a name"),
        ("name", "F" * 24, "has the form of an id"),
        ("description", "x" * 1001, "at most 1000 characters, not 1001"),
        ("description", "\0", "U+0000"),
        ("labels", {"": "x"}, "'' is not the key of a label"),
        ("labels", {"a,b": "x"}, "'a,b' is not the key of a label"),
        ("labels", {"a": "x" * 256}, "The value of label 'a' must be a text of at most 255 characters."),
        ("labels", {"a": "\0"}, "The value of label 'a' cannot be accepted. It contains the character U+0000"),
        ("labels", {str(n): "" for n in range(65)}, "at most 64 labels, not 65"),
        ("template", "short", "There is no template"),
        ("template", "\0", "U+0000"),
    ],
)
def test_each_wrong_field_is_reported_with_all_others_and_nothing_is_written(
    service: RestService, field: str, value: object, sentence: str
) -> None:
    """When a listener is registered, and when it is changed."""
    register(service, name="taken")
    known = register(service, name="mine")
    wrong = {field: value, "event_types": ["a b"]}

    created = service.request("POST", LISTENERS, {**GOOD, **wrong})
    changed = service.request("PATCH", known["pulp_href"], wrong)

    for answer in (created, changed):
        assert 400 == answer.status
        assert sentence in answer.json()[field][0]
        assert "event_types" in answer.json()
    assert 2 == service.request("GET", LISTENERS).json()["count"]
    assert known == service.request("GET", known["pulp_href"]).json()


def test_limits_are_what_is_just_accepted(service: RestService) -> None:
    """64 labels of 255 characters, 1,000 characters of description, 64 of a name."""
    labels = {f"{n:0255}": "é" * 255 for n in range(64)}

    created = register(service, name="x" * 64, description="é" * 1000, labels=labels)

    assert labels == created["labels"]


def test_v2_shows_and_changes_its_seven_keys_only(service: RestService) -> None:
    """Whatever the v3 API made of the listener; a listener that v2 registers has a made-up name."""
    known = register(service, **FACE)
    sent = {"notifier_type_id": "http", "notifier_config": {"url": "https://y.example/"}, "event_types": ["*"]}
    made = service.request("POST", EVENTS, sent).json()
    keys = {"_href", "_id", "_ns", "id", "notifier_type_id", "notifier_config", "event_types"}

    listed = service.request("GET", EVENTS).json()
    change = {"event_types": ["repo.sync.start"], "name": "n", "enabled": True, "labels": {}}
    changed = service.request("PUT", f"{EVENTS}{known['id']}/", change).json()

    assert [keys] * 4 == [each.keys() for each in (made, changed, *listed)]
    shown = service.request("GET", f"{LISTENERS}{known['id']}/").json()
    assert FACE.items() <= shown.items()
    assert ["repo.sync.start"] == shown["event_types"]
    assert "http-repo-events" == service.request("GET", f"{LISTENERS}{made['id']}/").json()["name"]
    assert 404 == service.request("GET", f"{EVENTS}{FACE['name']}/").status
    assert 200 == service.request("DELETE", f"{EVENTS}{known['id']}/").status
