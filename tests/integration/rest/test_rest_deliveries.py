"""Deliveries over REST: lists, filters, and attempts."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import requests

from pulp_notifiers.event import utc_now
from pulp_notifiers.records import Attempt, Attempted, DeliveryState, Outcome
from tests.support.rest import EVENTS, RestService
from tests.support.rest_events import DELIVERIES, fire

NOT_AN_EVENT_TYPE = (
    "Write an event type such as repo.sync.finish: words of letters, digits, _ and -, joined by dots, at most 200 "
    "characters."
)


@pytest.fixture
def service(running: RestService) -> RestService:
    """The service with a listener for every repository event."""
    running.clear()
    running.request("POST", EVENTS, {"notifier_type_id": "http", "event_types": ["*"]})
    return running


def finish(service: RestService, event_id: str, state: DeliveryState, error: str | None) -> None:
    """Record one attempt for the deliveries of an event, as a worker does."""
    now = utc_now()
    for claim in service.app.store.claims.claim(now, now + timedelta(seconds=30), 100, ()).claims:
        for delivery in claim.deliveries:
            if str(delivery.event.id) == event_id:
                outcome = Outcome(state, Attempt(1, now, now, error))
                service.app.store.claims.record([Attempted(claim, delivery, outcome, last=True)], now)


def test_deliveries_are_listed_newest_first_in_pages(service: RestService) -> None:
    """Each page has the URLs of its neighbours."""
    newest_first = [fire(service)["id"] for _ in range(5)][::-1]
    found: list[str] = []
    url = f"{service.server.url}{DELIVERIES}?limit=2&event_type=repo.sync.finish&state=pending"
    total = service.request("GET", DELIVERIES + "?state=pending&event_type=repo.sync.finish").json()["count"]

    while url and len(found) < 6:
        page = requests.get(url, auth=("admin", "admin"), timeout=30).json()
        assert total == page["count"]
        found += [delivery["event"] for delivery in page["results"]]
        back, url = page["previous"], page["next"]

    assert newest_first == found[:5]
    assert newest_first[2:4] == [
        delivery["event"] for delivery in requests.get(back, auth=("admin", "admin"), timeout=30).json()["results"]
    ]


def test_deliveries_are_filtered_by_state_listener_event_and_type(service: RestService) -> None:
    """Several filters must all match."""
    [listener] = service.app.listeners.list()
    fired, other = fire(service), fire(service, event_type="repo.publish.finish")
    finish(service, other["id"], DeliveryState.DEAD, "HTTP notifier configured without a URL; cannot fire event")

    def filtered(query: str) -> list[str]:
        results = service.request("GET", f"{DELIVERIES}?listener={listener.id}&{query}").json()["results"]
        return [delivery["event"] for delivery in results]

    assert [other["id"], fired["id"]] == filtered("")
    assert [other["id"]] == filtered("state=dead")
    assert [] == filtered("state=dead&event_type=repo.sync.finish")
    assert [fired["id"]] == filtered("event_type=repo.sync.finish")
    assert [other["id"]] == filtered(f"event={other['id']}")
    assert [] == filtered(f"event={uuid4()}")


def test_the_filter_failed_selects_what_is_pending_after_a_failed_attempt(service: RestService) -> None:
    """The state of these deliveries is pending: there is no other word for it in a document."""
    failing, waiting, dead = (fire(service)["id"] for _ in range(3))
    finish(service, failing, DeliveryState.PENDING, "HTTP 503")
    finish(service, dead, DeliveryState.DEAD, "HTTP 404")

    found = service.request("GET", f"{DELIVERIES}?state=failed").json()["results"]

    events = [(delivery["event"], delivery["state"]) for delivery in found]
    assert (failing, "pending") in events
    assert not {waiting, dead} & {event for event, _ in events}
    assert 400 == service.request("GET", f"{DELIVERIES}?state=broken").status


def test_a_delivery_shows_its_attempts(service: RestService) -> None:
    """It also has all fields of the list."""
    event_id = fire(service)["id"]
    finish(service, event_id, DeliveryState.DEAD, "It was refused.")
    [listed] = service.request("GET", f"{DELIVERIES}?event={event_id}").json()["results"]

    shown = service.request("GET", listed["pulp_href"]).json()

    [listener] = service.app.listeners.list()
    attempts = shown.pop("attempts")
    assert listed == shown
    assert {
        "event": event_id,
        "event_type": "repo.sync.finish",
        "listener": listener.id,
        "notifier_type": "http",
        "target": "",
        "state": "dead",
        "attempt_count": 1,
        "due_at": None,
        "last_error": "It was refused.",
    }.items() <= shown.items()
    assert shown["pulp_created"].endswith("Z")
    assert [{"number", "started_at", "finished_at", "error"}] == [attempt.keys() for attempt in attempts]
    assert (attempts[0]["number"], attempts[0]["error"]) == (1, "It was refused.")


@pytest.mark.parametrize("delivery_id", ["0", "999999999", "-1", "x", "1.0", "%31%00", "9" * 19, "9" * 5000, "%D9%A1"])
def test_an_unknown_delivery_id_is_404(service: RestService, delivery_id: str) -> None:
    """So is an id of any other form."""
    answer = service.request("GET", f"{DELIVERIES}{delivery_id}/")

    assert (404, {"detail": "Not found."}) == (answer.status, answer.json())


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("state=lost", {"state": ["Select a valid choice. lost is not one of the available choices."]}),
        ("unheard=of&limit=1&other=", {"errors": ["Invalid Filter: 'unheard'", "Invalid Filter: 'other'"]}),
        ("limit=0", {"limit": ...}),
        ("limit=1001", {"limit": ...}),
        ("limit=x&offset=-1", {"limit": ..., "offset": ...}),
        (f"offset={2**63}", {"offset": ...}),
        ("listener=x", {"listener": ...}),
        ("listener=%00", {"listener": ...}),
        ("event=x", {"event": ...}),
        ("event_type=a+b", {"event_type": [NOT_AN_EVENT_TYPE]}),
        ("event_type=%00", {"event_type": ...}),
        ("state=", {"state": ...}),
    ],
)
def test_a_wrong_filter_is_refused(service: RestService, query: str, expected: dict[str, Any]) -> None:
    """The error names the parameter."""
    answer = service.request("GET", f"{DELIVERIES}?{query}")

    assert answer.status == 400
    problems = answer.json()
    assert expected.keys() == problems.keys()
    assert all(sentences in (..., problems[field]) for field, sentences in expected.items())


def test_deliveries_are_chosen_and_ordered_by_their_fields(service: RestService) -> None:
    """With the lookups of Pulp 3; not by their targets, which may contain passwords."""
    types = ("repo.publish.finish", "repo.publish.start", "repo.sync.start")
    early, late, dead = (fire(service, event_type=name)["id"] for name in types)
    finish(service, dead, DeliveryState.DEAD, "HTTP 404: Not found")
    some = f"listener={service.app.listeners.list()[0].id}"

    def filtered(query: str) -> list[str]:
        answer = service.request("GET", f"{DELIVERIES}?{some}&{query}")
        assert 200 == answer.status, answer.body
        found = answer.json()
        events = [delivery["event"] for delivery in found["results"]]
        assert len(events) == found["count"]
        return events

    tomorrow = (utc_now() + timedelta(days=1)).date()
    assert [dead, late, early] == filtered(f"event_type__in={','.join(types)}&pulp_created__lte={tomorrow}")
    assert [early, late, dead] == filtered("ordering=event_type")
    assert [dead, late, early] == filtered("ordering=-pulp_created")
    assert [dead, early, late] == filtered("ordering=state,event_type")
    assert [late, early] == filtered("event_type__startswith=repo.publish")
    assert [late, early] == filtered("finished_at__isnull=true")
    assert [dead] == filtered("state__in=dead,delivered&last_error__icontains=NOT%20FOUND")
    assert [] == filtered("notifier_type__ne=http")
    assert 400 == service.request("GET", f"{DELIVERIES}?target__contains=p").status
