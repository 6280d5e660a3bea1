"""Stored events over REST: listed, shown and explained."""

from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest

from pulp_notifiers.event import Event
from tests.support.rest import OWN, RestService

EVENTS = f"{OWN}events/"
LISTENERS = f"{OWN}listeners/"


@pytest.fixture
def service(running: RestService) -> RestService:
    """A service without listeners and users of other tests."""
    running.clear()
    return running


def listener(service: RestService, name: str, *event_types: str, **fields: Any) -> str:
    """Register a listener and return its id."""
    body = {"notifier_type": "http", "config": {"url": "http://receiver.example/"}, "event_types": event_types}
    answer = service.request("POST", LISTENERS, {**body, "name": name, **fields})
    assert 201 == answer.status, answer.body
    return str(answer.json()["id"])


def fire(service: RestService, event_type: str = "repo.sync.finish", **payload: Any) -> str:
    """Fire an event and return its id."""
    answer = service.request("POST", EVENTS, {"event_type": event_type, "payload": payload})
    assert 202 == answer.status
    return str(answer.json()["id"])


def get(service: RestService, path: str) -> Any:
    """Return the document at a path."""
    answer = service.request("GET", path)
    assert 200 == answer.status, answer.body
    return answer.json()


def reasons(decisions: Any) -> dict[str, str]:
    """Return the reasons by the names of the listeners."""
    return {one["listener_name"]: one["reason"] for one in decisions}


def test_a_repository_event_is_listed_and_shown_although_nobody_listens(service: RestService) -> None:
    """An event of another type is not stored."""
    repo = f"zoo-{uuid4().hex}"
    found = fire(service, repo_id=repo, result="failed", server="pulp.example.com", extra=[1, None])
    other = fire(service, "other.type", repo_id=repo)

    page = get(service, f"{EVENTS}?repo_id={repo}")

    assert (1, [found]) == (page["count"], [one["id"] for one in page["results"]])
    (row,) = page["results"]
    assert (f"{EVENTS}{found}/", "repo.sync.finish", "failed", None) == (
        row["pulp_href"],
        row["event_type"],
        row["result"],
        row["domain"],
    )
    assert {"pending": 0, "delivered": 0, "dead": 0} == row["delivery_counts"]
    shown = get(service, row["pulp_href"])
    assert row == {name: shown[name] for name in row}
    assert {"repo_id": repo, "result": "failed", "server": "pulp.example.com", "extra": [1, None]} == shown["payload"]
    assert (None, [], []) == (shown["call_report"], shown["deliveries"], shown["decisions"])
    assert 404 == service.request("GET", f"{EVENTS}{other}/").status


@pytest.mark.parametrize("suffix", ["", "explain/"])
@pytest.mark.parametrize("event_id", ["x", "0f8fad5b-d9cb-469f-a165-70867728950e", "%00", "..%2f", "é", "explain"])
def test_an_id_that_no_event_has_is_not_found(service: RestService, event_id: str, suffix: str) -> None:
    """Whatever it is."""
    answer = service.request("GET", f"{EVENTS}{quote(event_id, safe='%')}/{suffix}")

    assert answer.status in ((404, 405) if event_id == "explain" else (404,))


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("repo_id={tag}-prod-a", [0, 3]),
        ("repo_id__in={tag}-prod-b,{tag}-test", [1, 2]),
        ("repo_id__startswith={tag}-prod", [0, 1, 3]),
        ("repo_id__contains={tag}&result=failed", [1, 2]),
        ("repo_id__contains={tag}&result__isnull=true", [3]),
        ("repo_id__contains={tag}&event_type__in=repo.publish.start,x", [3]),
        ("repo_id__contains={tag}&server=b.example", [2]),
        ("repo_id__contains={tag}&domain=default&ordering=pulp_created&limit=2", [0, 1]),
        ("repo_id__contains={tag}&occurred_at__gte=2020-01-01T00:00:00Z&source=rest", [0, 1, 2, 3]),
        ("repo_id__contains={tag}&pulp_created__lt=2020-01-01", []),
    ],
)
def test_the_list_is_filtered_as_in_pulp_3(service: RestService, query: str, expected: list[int]) -> None:
    """All filters must match."""
    tag = uuid4().hex
    rows = [
        ("prod-a", "success", "a.example"),
        ("prod-b", "failed", "a.example"),
        ("test", "failed", "b.example"),
        ("prod-a", None, "a.example"),
    ]
    ids = [
        fire(
            service,
            "repo.sync.finish" if result else "repo.publish.start",
            repo_id=f"{tag}-{repo}",
            result=result,
            server=server,
            domain="default",
        )
        for repo, result, server in rows
    ]

    page = get(service, f"{EVENTS}?{query.format(tag=tag)}")

    assert [ids[number] for number in expected] == sorted((one["id"] for one in page["results"]), key=ids.index)


def test_a_list_with_wrong_parameters_is_refused_with_all_of_them(service: RestService) -> None:
    """None is ignored."""
    answer = service.request("GET", f"{EVENTS}?ordering=payload&occurred_at__gt=soon&unknown=1&limit=0")

    assert 400 == answer.status
    assert {"ordering", "occurred_at__gt", "errors", "limit"} == answer.json().keys()


def test_an_event_is_shown_with_its_deliveries_and_why_others_did_not_get_it(service: RestService) -> None:
    """Those that matched come first, then those that nearly did."""
    listener(service, "tasks", "task.error")
    listener(service, "off", "repo.#", enabled=False)
    listener(service, "failures", "repo.#", when="payload.result == 'failed'")
    everything = listener(service, "everything", "repo.#")
    event_id = fire(service, repo_id="zoo", result="success")
    listener(service, "late", "repo.#")

    shown = get(service, f"{EVENTS}{event_id}/")

    assert ["everything", "late", "failures", "off", "tasks"] == [one["listener_name"] for one in shown["decisions"]]
    assert {
        "everything": "matched",
        "late": "registered_after",
        "failures": "condition",
        "off": "disabled",
        "tasks": "type",
    } == reasons(shown["decisions"])
    assert "The event is stored. 1 of 5 listeners matches it." == shown["summary"]
    (delivery,) = shown["deliveries"]
    assert (everything, "http", "pending") == (delivery["listener"], delivery["notifier_type"], delivery["state"])
    assert get(service, delivery["pulp_href"])["event"] == event_id
    assert {"pending": 1, "delivered": 0, "dead": 0} == shown["delivery_counts"]


def test_an_event_is_explained_for_one_listener_by_name_or_id(service: RestService) -> None:
    """With the values that its condition saw."""
    found = listener(service, "failures", "repo.#", when="payload.result == 'failed'")
    event_id = fire(service, repo_id="zoo", result="success")

    for reference in ("failures", found):
        page = get(service, f"{EVENTS}{event_id}/explain/?listener={reference}")

        (decision,) = page["results"]
        assert (False, "condition", {"payload.result": "success"}) == (
            decision["matched"],
            decision["reason"],
            decision["values"],
        )
        assert 'payload.result is "success"' in decision["sentence"]
    answer = service.request("GET", f"{EVENTS}{event_id}/explain/?listener=nobody")
    assert (400, ["listener"]) == (answer.status, list(answer.json()))


def test_a_deleted_listener_that_got_the_event_is_still_said_to_have_matched(service: RestService) -> None:
    """Its name is gone."""
    found = listener(service, "gone", "repo.#")
    event_id = fire(service, repo_id="zoo")
    service.request("DELETE", f"{LISTENERS}{found}/")

    page = get(service, f"{EVENTS}{event_id}/explain/")

    (decision,) = page["results"]
    assert (found, None, "matched") == (decision["listener"], decision["listener_name"], decision["reason"])


@pytest.mark.parametrize(
    ("event_type", "listens", "summary"),
    [
        (
            "other.type",
            "repo.#",
            "No listener matches it. It would not be stored: no listener matches it and its type is",
        ),
        ("repo.sync.finish", "task.#", "No listener matches it. It would be stored all the same, because events of"),
        ("other.type", "other.#", "It would be stored."),
    ],
)
def test_an_event_that_is_not_fired_is_explained_and_not_stored(
    service: RestService, event_type: str, listens: str, summary: str
) -> None:
    """Also why it would not be stored."""
    listener(service, "one", listens)
    listener(service, "two", "nothing.at.all")
    repo = uuid4().hex
    body = {"event_type": event_type, "payload": {"repo_id": repo}}

    answer = service.request("POST", f"{EVENTS}explain/", body)

    assert 200 == answer.status
    assert summary in answer.json()["summary"]
    assert {"one", "two"} == reasons(answer.json()["results"]).keys()
    assert 0 == get(service, f"{EVENTS}?repo_id={repo}")["count"]
    one = service.request("POST", f"{EVENTS}explain/?limit=1", {**body, "listener": "two"})
    assert {"two": "type"} == reasons(one.json()["results"])


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"event_type": "a b", "payload": [], "x": 1}, {"event_type", "payload", "x"}),
        ({"payload": {}}, {"event_type"}),
        ({"event_type": "a", "payload": {}, "listener": "nobody"}, {"listener"}),
    ],
)
def test_a_wrong_event_to_explain_is_refused_with_all_fields(service: RestService, body: Any, fields: set[str]) -> None:
    """As one to fire."""
    answer = service.request("POST", f"{EVENTS}explain/", body)

    assert (400, fields) == (answer.status, answer.json().keys())


def test_a_payload_that_no_answer_can_carry_is_shown_with_replacements(service: RestService) -> None:
    """A program may fire it in the same process."""
    event = Event("repo.sync.finish", {"repo_id": "a\ud800", "\udfff": ["\0"]}, {"x": "\ud800"})
    service.app.fire(event)

    shown = get(service, f"{EVENTS}{event.id}/")

    assert {"repo_id": "a\ufffd", "\ufffd": ["\0"]} == shown["payload"]
    assert ({"x": "\ufffd"}, "a\ufffd") == (shown["call_report"], shown["repo_id"])


def test_reading_events_needs_the_permission_to_read_them(service: RestService) -> None:
    """And explaining one that is not fired the permission to fire."""
    event_id = fire(service, repo_id="zoo")
    service.add_user("guest")
    paths = (EVENTS, f"{EVENTS}{event_id}/")

    assert {403} == {service.request("GET", path, login="guest").status for path in paths}
    service.grant("guest", EVENTS, "READ")
    service.grant("guest", LISTENERS, "READ")
    assert {200} == {service.request("GET", path, login="guest").status for path in paths}
    assert 200 == service.request("GET", f"{EVENTS}{event_id}/explain/", login="guest").status
    assert 403 == service.request("POST", f"{EVENTS}explain/", {"event_type": "a", "payload": {}}, login="guest").status


def test_listeners_and_deliveries_of_an_event_are_shown_only_to_users_who_may_read_them(service: RestService) -> None:
    """A client that may only fire, or only read events, learns no names, conditions and labels of listeners."""
    listener(service, "hidden", "repo.#")
    listener(service, "hidden-too", "repo.#", when="payload.repo_id == labels.team", labels={"team": "hidden-team"})
    event_id = fire(service, repo_id="zoo")
    service.add_user("guest")
    service.grant("guest", EVENTS, "READ", "CREATE")
    imagined = {"event_type": "repo.sync.finish", "payload": {"repo_id": "zoo"}}
    shown_at = f"{EVENTS}{event_id}/"

    refused = [
        service.request("GET", f"{shown_at}explain/", login="guest"),
        service.request("POST", f"{EVENTS}explain/", imagined, login="guest"),
        service.request("POST", f"{EVENTS}explain/", {**imagined, "listener": "hidden"}, login="guest"),
    ]
    shown = service.request("GET", shown_at, login="guest")

    assert [403] * 3 == [answer.status for answer in refused]
    assert all("guest /v3/notifications/listeners/ READ" in str(answer.body) for answer in refused)
    assert (200, [], []) == (shown.status, shown.json()["deliveries"], shown.json()["decisions"])
    assert "may READ /v3/notifications/listeners/" in shown.json()["summary"]
    assert "hidden" not in str(shown.body)
    service.grant("guest", "/v3/notifications/deliveries/", "READ")
    assert 1 == len(service.request("GET", shown_at, login="guest").json()["deliveries"])
    service.grant("guest", LISTENERS, "READ")
    assert 2 == len(service.request("GET", shown_at, login="guest").json()["decisions"])
    assert 200 == service.request("POST", f"{EVENTS}explain/", imagined, login="guest").status


def test_decisions_about_many_listeners_come_in_pages(service: RestService) -> None:
    """Each listener is on one page."""
    for number in range(25):
        listener(service, f"l{number:02}", "repo.#" if number % 5 == 0 else "task.#")
    event_id = fire(service, repo_id="zoo")

    pages = [get(service, f"{EVENTS}{event_id}/explain/?limit=10&offset={offset}") for offset in (0, 10, 20)]

    names = [one["listener_name"] for page in pages for one in page["results"]]
    assert ([25] * 3, 25) == ([page["count"] for page in pages], len(set(names)))
    assert ["l00", "l05", "l10", "l15", "l20"] == names[:5]
    assert pages[0]["next"].endswith("limit=10&offset=10")
