"""Templates over REST."""

from dataclasses import replace
from typing import Any

import pytest

from pulp_notifiers.event import Event
from pulp_notifiers.records import Template, TemplateOrigin
from tests.support.rest import OWN, RestService

TEMPLATES = f"{OWN}templates/"
LISTENERS = f"{OWN}listeners/"
SHORT = {"name": "short", "notifier_type": "http", "parts": {"json": {"text": "{{ about.what }}: {{ about.name }}"}}}
LISTENER = {"notifier_type": "http", "config": {"url": "http://192.0.2.1/"}, "event_types": ["#"]}


@pytest.fixture
def service(running: RestService) -> RestService:
    """Return the service without listeners and stored templates."""
    running.clear()
    for template in running.app.templates.list():
        if template.origin is TemplateOrigin.STORED:
            running.app.templates.delete(template.name)
    return running


def created(service: RestService, **changes: Any) -> Any:
    answer = service.request("POST", TEMPLATES, {**SHORT, **changes})
    assert 201 == answer.status, answer.body
    return answer.json()


def test_a_template_is_created_read_changed_and_deleted(service: RestService) -> None:
    """In the conventions of this API: tags, page, times, and warnings after a change."""
    answer = service.request("POST", TEMPLATES, {**SHORT, "description": "Short."})
    document = answer.json()
    path, tag = answer.headers["location"], answer.headers["etag"]

    assert f"{TEMPLATES}short/" == path == document["pulp_href"]
    assert ("stored", ["#"], None, []) == tuple(
        document[name] for name in ("origin", "event_types", "problem", "warnings")
    )
    assert tag == service.request("GET", path).headers["etag"]

    parts = {"json": None, "body": "{{ payload.repo_id }}"}
    changed = service.request("PATCH", path, {"parts": parts}, {"If-Match": tag})
    assert (200, {"body": "{{ payload.repo_id }}"}) == (changed.status, changed.json()["parts"])
    assert "task.waiting" in changed.json()["warnings"][0]
    assert 412 == service.request("PATCH", path, {"description": "x"}, {"If-Match": tag}).status

    page = service.request("GET", f"{TEMPLATES}?name__contains=shor&ordering=-name").json()
    assert (1, "short") == (page["count"], page["results"][0]["name"])
    assert 412 == service.request("DELETE", path, None, {"If-Match": tag}).status
    assert 204 == service.request("DELETE", path).status
    assert 404 == service.request("GET", path).status


def test_the_notifiers_own_templates_are_listed_and_cannot_be_changed(service: RestService) -> None:
    """A template with the same name replaces one."""
    page = service.request("GET", f"{TEMPLATES}?origin=packaged").json()
    assert "email" in [each["name"] for each in page["results"]]

    for method, body in (("PATCH", {"description": "x"}), ("DELETE", None)):
        refused = service.request(method, f"{TEMPLATES}email/", body)
        assert 400 == refused.status
        assert "create a template with this name to replace it" in refused.json()["name"][0]

    created(service, name="email", notifier_type="email", parts={"text": "{{ about.what }}"})
    assert "stored" == service.request("GET", f"{TEMPLATES}email/").json()["origin"]


def test_everything_that_is_wrong_is_reported_by_field_with_its_place(service: RestService) -> None:
    """Nothing is stored."""
    wrong = {
        "name": "a b",
        "notifier_type": "http",
        "event_types": ["a b"],
        "parts": {
            "body": "a\n{{ payload.repo_idd|upper }",
            "headers": {"Host": "x", "X-A": "{{ nosuch }}"},
            "foot": "x",
        },
    }

    answer = service.request("POST", TEMPLATES, wrong)

    assert 400 == answer.status
    found = answer.json()
    assert {"name", "event_types", "parts.body", "parts.headers.X-A", "parts.foot"} == {*found}
    assert found["parts.body"][0].startswith("Line 2, column ")
    for parts, field, sentence in (
        ({"body": "x", "json": {}}, "parts.json", "not both"),
        ({"headers": {"Authorization": "x"}}, "parts.headers.Authorization", "cannot come from a template"),
        ({"headers": {"pulp-event-id": "x"}}, "parts.headers.pulp-event-id", "set by the notifier"),
        ({"body": "{{ payload.nosuch }}"}, "parts.body", "payload has no nosuch"),
        ({}, "parts", "at least one part"),
    ):
        refused = service.request("POST", TEMPLATES, {**SHORT, "parts": parts})
        assert sentence in refused.json()[field][0]
    for body in ({**SHORT, "colour": "red"}, {**SHORT, "parts": "x"}, {"name": "short"}):
        assert 400 == service.request("POST", TEMPLATES, body).status
    assert 0 == service.request("GET", f"{TEMPLATES}?origin=stored").json()["count"]


def test_a_listener_chooses_a_template_and_keeps_it_from_being_deleted(service: RestService) -> None:
    """An unknown one, or one for another notifier, is refused with the nearest names."""
    created(service)
    created(service, name="mail", notifier_type="email", parts={"text": "x"})

    for name, sentence in (("shrt", "Did you mean short?"), ("mail", "is for the notifier email, not http")):
        refused = service.request("POST", LISTENERS, {**LISTENER, "template": name})
        assert (400, True) == (refused.status, sentence in refused.json()["template"][0])
    made = service.request("POST", LISTENERS, {**LISTENER, "name": "l1", "template": "short"})
    assert (201, "short") == (made.status, made.json()["template"])

    refused = service.request("DELETE", f"{TEMPLATES}short/")
    assert 409 == refused.status
    assert "'short' is used by the listener l1" in refused.json()["detail"]
    service.request("PATCH", f"{LISTENERS}l1/", {"template": None})
    assert 204 == service.request("DELETE", f"{TEMPLATES}short/").status


def test_a_request_with_a_key_creates_one_template(service: RestService) -> None:
    """Its repetition gets the first answer."""
    key = {"Idempotency-Key": '"4e5a"'}

    first = service.request("POST", TEMPLATES, SHORT, key)
    again = service.request("POST", TEMPLATES, SHORT, key)

    assert (201, first.body) == (again.status, again.body)
    assert 400 == service.request("POST", TEMPLATES, SHORT).status


def test_a_preview_shows_the_parts_or_the_problems_with_their_places(service: RestService) -> None:
    """Of a stored template or of parts that are not stored, with a recorded or a past event."""
    created(service)
    past = Event("repo.sync.finish", {"repo_id": "zoo", "result": "success"})
    service.app.fire(past)

    def preview(path: str, **body: Any) -> Any:
        answer = service.request("POST", f"{TEMPLATES}{path}", body)
        assert 200 == answer.status, answer.body
        return answer.json()

    recorded = preview("short/preview/", event_type="task.error")
    assert "task.error" == recorded["event_type"]
    assert recorded["parts"]["json"]["text"]
    assert not recorded["problems"]
    assert "repo.sync.start" == preview("short/preview/")["event_type"]

    parts = {"body": "{{ payload.repo_id }} {{ labels.team }}"}
    unsaved = {"notifier_type": "http", "parts": parts, "event": str(past.id)}
    assert {"body": "zoo team"} == preview("preview/", **unsaved)["parts"]
    assert {"body": "zoo ops"} == preview("preview/", **unsaved, labels={"team": "ops"})["parts"]

    service.request("POST", LISTENERS, {**LISTENER, "name": "l1", "labels": {"shift": "night"}})
    problem = {"part": "body", "line": 1, "column": 26, "problem": "labels.team does not exist."}
    assert [problem] == preview("preview/", **unsaved, listener="l1")["problems"]


def test_a_preview_of_what_does_not_exist_is_refused(service: RestService) -> None:
    """By field, or as not found."""
    created(service)
    unknown = "4e5a1c9a-0000-4000-8000-000000000000"
    for body, field in (
        ({"event": unknown}, "event"),
        ({"event": unknown, "event_type": "task.error"}, "event"),
        ({"event_type": "no.such"}, "event_type"),
        ({"event_type": "task.error", "sample": "nosuch"}, "sample"),
        ({"colour": "red"}, "colour"),
    ):
        refused = service.request("POST", f"{TEMPLATES}short/preview/", body)
        assert (400, [field]) == (refused.status, [*refused.json()])
    assert 404 == service.request("POST", f"{TEMPLATES}nosuch/preview/", {}).status
    assert 404 == service.request("POST", f"{TEMPLATES}short/preview/", {"listener": "nosuch"}).status


def test_a_preview_shows_only_what_its_user_may_read(service: RestService) -> None:
    """Past events and listeners need a permission of their own."""
    created(service)
    past = Event("task.error", {})
    service.app.fire(past)
    service.add_user("ann")
    service.grant("ann", "/v3/notifications/templates/", "CREATE")
    path = f"{TEMPLATES}short/preview/"

    assert 200 == service.request("POST", path, {}, login="ann").status
    assert 403 == service.request("POST", path, {"listener": "l1"}, login="ann").status
    assert 403 == service.request("POST", path, {"event": str(past.id)}, login="ann").status


def test_a_template_of_an_earlier_release_shows_what_is_wrong_with_it(service: RestService) -> None:
    """It is listed, and can be changed or deleted."""
    old = Template("old", "http", {"body": "{{ payload|gone }}", "footer": "x"})
    now = service.app.store.clock()
    service.app.store.templates.add(replace(old, created_at=now, changed_at=now))

    (found,) = service.request("GET", f"{TEMPLATES}?origin=stored").json()["results"]

    assert "parts.footer" in found["problem"]
    changed = service.request("PATCH", found["pulp_href"], {"parts": {"footer": None, "body": "x"}})
    assert (200, None) == (changed.status, changed.json()["problem"])


@pytest.mark.parametrize("name", ["%00", "%F0%9F%98%80", "a%20b", "x" * 100, "preview"])
def test_a_name_that_no_template_can_have_is_not_found(service: RestService, name: str) -> None:
    """On either database."""
    for method, path, body in (
        ("GET", f"{name}/", None),
        ("PATCH", f"{name}/", {}),
        ("DELETE", f"{name}/", None),
        ("POST", f"{name}/preview/", {}),
    ):
        expected = 405 if path == "preview/" else 404
        assert expected == service.request(method, f"{TEMPLATES}{path}", body).status, (method, path)
