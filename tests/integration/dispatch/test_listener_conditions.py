"""Conditions in running services: seen by all of them at once, and their errors counted and shown."""

from dataclasses import replace
from pathlib import Path

import pytest

from pulp_notifiers.app import App
from pulp_notifiers.event import Event
from pulp_notifiers.records import DeliveryFilter, DeliveryState, Listener, ListenerChange, ListenerDraft
from pulp_notifiers.settings import Settings
from tests.support.rest import OWN, RestService, rest_service

FAILED = "payload.result is defined and payload.result == 'failed'"
DRAFT = ListenerDraft("http", {"url": "http://x.example/"}, ("repo.#",))


@pytest.fixture
def service(running: RestService) -> RestService:
    """The service without listeners."""
    running.clear()
    return running


def finished(result: str = "failed", **payload: object) -> Event:
    """Return the end of a sync."""
    return Event("repo.sync.finish", {"repo_id": "zoo", "result": result, **payload})


def test_only_events_for_which_the_condition_is_true_are_stored_and_owed(service: RestService) -> None:
    """Through fire, REST and batches alike."""
    service.app.listeners.create(replace(DRAFT, when=FAILED))

    assert [1, 0] == [service.app.fire(finished(result)) for result in ("failed", "success")]
    answers = [
        service.request(
            "POST", f"{OWN}events/", {"event_type": "repo.sync.finish", "payload": {"repo_id": "z", "result": result}}
        ).json()
        for result in ("failed", "success")
    ]
    assert [1, 0] == [answer["deliveries"] for answer in answers]


def test_a_second_service_sees_a_changed_condition_at_once(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """The transaction that writes an event checks the revision of the listeners; so it is with enabled."""
    url = request.getfixturevalue("postgresql").create_database()
    with (
        rest_service(tmp_path, database_url=url) as one,
        App(Settings({"notifiers": {"state_directory": str(tmp_path), "database_url": url}})) as two,
    ):
        made = one.app.listeners.create(replace(DRAFT, when=FAILED, name="ops"))
        assert [1, 0] == [two.fire(finished(result)) for result in ("failed", "success")]

        two.listeners.update(made.id, ListenerChange(when="payload.result == 'success' or payload.result is undefined"))
        assert [0, 1] == [one.app.fire(finished(result)) for result in ("failed", "success")]

        one.request("PATCH", f"{OWN}listeners/ops/", {"when": None})
        assert 1 == two.fire(finished())
        one.request("PATCH", f"{OWN}listeners/ops/", {"enabled": False})
        assert 0 == two.fire(finished())


def test_errors_of_a_condition_are_counted_and_shown_with_the_last_event(service: RestService) -> None:
    """Those that this process has not written yet included; the revision of the listeners stays."""
    made = service.app.listeners.create(replace(DRAFT, when="payload.result == 'failed'", name="ops"))
    revision = service.app.store.listeners.latest_revision()
    started = [Event("repo.sync.start", {"repo_id": "zoo"}) for _ in range(3)]
    for event in started:
        assert 0 == service.app.fire(event)

    shown = service.request("GET", f"{OWN}listeners/ops/").json()["condition_errors"]
    service.app.listener_errors.flush()
    written = service.request("GET", f"{OWN}listeners/").json()["results"][0]["condition_errors"]

    assert shown == written
    assert (3, str(started[2].id), "payload.result does not exist.") == (
        shown["count"],
        shown["last_event"],
        shown["last_error"],
    )
    assert revision == service.app.store.listeners.latest_revision()
    changed = service.request("PATCH", f"{OWN}listeners/ops/", {"description": "x"}).json()
    assert 3 == changed["condition_errors"]["count"]
    service.app.fire(started[0])
    assert 0 == service.request("PATCH", f"{OWN}listeners/ops/", {"when": FAILED}).json()["condition_errors"]["count"]
    assert [] == service.app.store.listener_errors.of([made.id])


def test_errors_of_deleted_listeners_leave_nothing_behind(service: RestService) -> None:
    """Also those that are written after the listener is gone."""
    made = service.app.listeners.create(replace(DRAFT, when="payload.result == 'failed'"))
    service.app.fire(Event("repo.sync.start", {}))
    service.app.listener_errors.flush()
    service.app.fire(Event("repo.sync.start", {}))
    assert 1 == service.app.store.listener_errors.of([made.id])[0].count

    service.app.listeners.delete(made.id)
    service.app.listener_errors.flush()

    assert [] == service.app.store.listener_errors.of([made.id])


def test_a_listener_whose_condition_no_longer_compiles_stops_nothing(service: RestService) -> None:
    """It gets nothing, and the reason is counted and shown; others get their events."""
    broken = Listener(
        "http", {"url": "http://x.example/"}, ("#",), id="b" * 24, when="payload.x is gone", name="broken"
    )
    service.app.store.listeners.add(broken)
    service.app.listeners.create(DRAFT)

    assert 1 == service.app.fire(finished())

    shown = service.request("GET", f"{OWN}listeners/broken/").json()
    assert 1 == shown["condition_errors"]["count"]
    assert "This release does not accept the condition. Line 1" in shown["condition_errors"]["last_error"]
    assert "This release does not accept its condition" in shown["warnings"][0]


def test_an_event_with_more_deliveries_than_one_transaction_takes_is_decided_by_conditions_too(
    service: RestService,
) -> None:
    """All of those for whom it is true, and no other."""
    config = {"subject": "x", "addresses": [f"a{number}@x.example" for number in range(600)]}
    for n in range(4):
        when = f"payload.n % 2 == {n % 2}"
        service.app.store.listeners.add(Listener("email", config, ("#",), id=f"{n:024}", when=when))

    assert 1_200 == service.app.fire(finished(n=1))
    count, _ = service.app.deliveries.list(DeliveryFilter(state=DeliveryState.PENDING), 1, 0)
    assert 1_200 == count
