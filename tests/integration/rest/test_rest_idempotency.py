"""Requests with an Idempotency-Key are carried out once, however often they are sent."""

import sqlite3
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa

from pulp_notifiers.errors import KeyTaken
from pulp_notifiers.event import utc_now
from pulp_notifiers.records import KEPT_FOR, KeptAnswer, Listener
from pulp_notifiers.store.answers import MOST_KEPT
from tests.support.rest import OWN, Answer, RestService, rest_service

LISTENERS = f"{OWN}listeners/"
SOURCES = f"{OWN}sources/"
EVENTS = f"{OWN}events/"
LISTENER = {
    "notifier_type": "http",
    "config": {"url": "http://192.0.2.1/", "username": "a", "password": "very-secret"},
    "event_types": ["repo.#"],
}
SOURCE = {"name": "zoo", "type": "amqp", "config": {"url": "amqp://192.0.2.1"}}
EVENT = {"event_type": "repo.sync.finish", "payload": {"repo_id": "zoo"}}
RESOURCES = [(LISTENERS, LISTENER, 201), (SOURCES, SOURCE, 201), (EVENTS, EVENT, 202)]
each_resource = pytest.mark.parametrize(("path", "body", "status"), RESOURCES, ids=["listeners", "sources", "events"])


@pytest.fixture
def service(running: RestService) -> RestService:
    """Return the service without listeners and sources."""
    running.clear()
    for source in running.app.sources.list():
        running.app.sources.remove(source.name)
    return running


def post(service: RestService, path: str, body: Any, key: str, **options: Any) -> Answer:
    headers = {"Idempotency-Key": key, **options.pop("headers", {})}
    return service.request("POST", path, body, headers, **options)


def same(first: Answer, second: Answer) -> bool:
    """Return whether two answers differ in their date only."""
    return (first.status, first.body, {**first.headers, "date": ""}) == (
        second.status,
        second.body,
        {**second.headers, "date": ""},
    )


def made(service: RestService, path: str) -> int:
    """Return how many objects there are."""
    if path == EVENTS:
        return service.app.deliveries.list()[0]
    count: int = service.request("GET", path).json()["count"]
    return count


@each_resource
def test_a_repeated_request_gets_the_first_answer(service: RestService, path: str, body: Any, status: int) -> None:
    """With its headers, whether the key is quoted or not; nothing is made again."""
    service.add_listener(event_types=["#"])
    key, before = str(uuid4()), made(service, path)

    first = post(service, path, body, key)
    assert (status, before + 1) == (first.status, made(service, path)), first.body
    assert same(first, post(service, path, body, key))
    assert same(first, post(service, path, body, f'"{key}"'))
    assert before + 1 == made(service, path)
    assert 422 == post(service, path, {**body, "more": 1}, key).status


@each_resource
def test_a_key_is_for_one_request_of_one_user_to_one_path(
    service: RestService, path: str, body: Any, status: int
) -> None:
    """Another body is refused; another user or another path is another request."""
    key = str(uuid4())
    service.add_user("ann", super_user=True)
    assert status == post(service, path, body, key).status

    other = {**body, "event_type": "a.b"} if path == EVENTS else {**body, "config": {**body["config"], "url": "x://y/"}}
    refused = post(service, path, other, key)
    assert (422, ["detail"]) == (refused.status, list(refused.json()))
    assert "was sent with another request" in refused.json()["detail"]
    assert 202 == post(service, EVENTS, {**EVENT, "event_type": "a.b"}, key, login="ann").status
    elsewhere = LISTENERS if path == EVENTS else EVENTS
    assert post(service, elsewhere, LISTENER if path == EVENTS else EVENT, key).status in (201, 202)


@each_resource
def test_a_key_that_cannot_be_used_is_refused(service: RestService, path: str, body: Any, status: int) -> None:
    """Ignoring it could make something twice."""
    before = made(service, path)
    for key in ("", '"', "\u00e9".encode().decode("latin-1"), "k" * 256):
        refused = post(service, path, body, key)
        assert (400, ["Idempotency-Key"]) == (refused.status, list(refused.json()))
    assert before == made(service, path)


def test_a_refused_request_leaves_its_key_free(service: RestService) -> None:
    """So it can be corrected."""
    key = str(uuid4())
    assert 400 == post(service, LISTENERS, {**LISTENER, "event_types": []}, key).status
    assert 201 == post(service, LISTENERS, LISTENER, key).status

    event_id = str(uuid4())
    assert 202 == service.request("POST", EVENTS, EVENT, {"Pulp-Event-Id": event_id}).status
    other = {**EVENT, "payload": {}}
    headers = {"Pulp-Event-Id": event_id}
    service.add_listener(event_types=["#"])
    assert 202 == post(service, EVENTS, EVENT, key, headers=headers).status
    key = str(uuid4())
    assert 409 == post(service, EVENTS, other, key, headers=headers).status
    assert 202 == post(service, EVENTS, other, key).status
    assert 422 == post(service, EVENTS, other, key, headers={"Pulp-Event-Id": ""}).status


def test_of_the_same_requests_at_the_same_time_one_is_carried_out(service: RestService) -> None:
    """The others get its answer, or are told to repeat theirs."""
    key = str(uuid4())

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: post(service, LISTENERS, LISTENER, key), range(8)))

    assert {201, 409} >= {answer.status for answer in answers}
    assert 1 == len({answer.body for answer in answers if answer.status == 201})
    assert {"1"} >= {answer.headers["retry-after"] for answer in answers if answer.status == 409}
    assert 1 == made(service, LISTENERS)


def test_a_request_with_the_key_of_one_in_progress_is_answered_409(tmp_path: Path) -> None:
    """The first one waits for the database, which another process has locked."""
    with rest_service(tmp_path) as service, ThreadPoolExecutor(2) as pool:
        lock = sqlite3.connect(tmp_path / "notifiers.db", isolation_level=None)
        lock.execute("BEGIN IMMEDIATE")
        sent = [pool.submit(post, service, LISTENERS, LISTENER, "k") for _ in range(2)]
        (early,), (late,) = wait(sent, return_when=FIRST_COMPLETED)
        lock.close()

    assert (409, "1") == (early.result().status, early.result().headers["retry-after"])
    assert "is still being processed" in early.result().json()["detail"]
    assert 201 == late.result().status


def test_kept_answers_are_encrypted(service: RestService, tmp_path: Path) -> None:
    """With reveal_secrets they show secrets; and a digest of a request could be used to guess them."""
    with rest_service(tmp_path, reveal_secrets="true") as revealing:
        answer = post(revealing, LISTENERS, LISTENER, "k")
        assert "very-secret" in answer.body.decode()
        database = sqlite3.connect(tmp_path / "notifiers.db")
        ((key, _, sealed),) = database.execute("SELECT * FROM idempotency")
        database.close()
        assert (64, True) == (len(key), "very-secret" not in sealed)
        assert same(answer, post(revealing, LISTENERS, LISTENER, "k"))


def test_an_answer_and_what_it_is_about_are_written_together_or_not_at_all(service: RestService) -> None:
    """The slower of two processes writes nothing."""
    rows, now = service.app.store.listeners, utc_now()

    def answer(listener: Listener) -> KeptAnswer:
        return KeptAnswer("k" * 64, "r", now, status=201, body=listener.id)

    draft = service.add_listener()
    other = "5f0c1e2d3a4b5c6d7e8f9013"
    rows.add(Listener.of(draft, other, now), "http", answer)
    with pytest.raises(KeyTaken):
        rows.add(Listener.of(draft, "5f0c1e2d3a4b5c6d7e8f9014", now), "http", answer)

    found = service.app.store.answers.find("k" * 64, now)
    assert found is not None
    assert (other, [draft.id, other]) == (found.body, [one.id for one in rows.all()[1]])


def test_answers_are_kept_for_a_day_and_at_most_a_hundred_thousand(service: RestService) -> None:
    """Old ones are deleted while new ones are written; beyond the bound, the oldest ones."""
    answers, now = service.app.store.answers, utc_now()
    engine = service.app.store._database.engine

    def count() -> int:
        with engine.connect() as connection:
            return int(connection.execute(sa.text("SELECT count(*) FROM idempotency")).scalar_one())

    def fill(number: int, age: timedelta) -> None:
        rows = [{"key": f"{age}-{place}", "at": now - age} for place in range(number)]
        statement = sa.text("INSERT INTO idempotency (key, created_at, sealed_answer) VALUES (:key, :at, '')")
        with engine.begin() as connection:
            connection.execute(statement.bindparams(sa.bindparam("at", type_=sa.DateTime(timezone=True))), rows)

    fill(300, KEPT_FOR)
    for number in range(101):
        answers.keep(KeptAnswer(f"new-{number}", "", now))
    assert 101 <= count() < 150
    assert MOST_KEPT == 100_000
    answers.keep(KeptAnswer("old", "", now - KEPT_FOR + timedelta(hours=1)))
    assert answers.find("old", now) is not None
    assert answers.find("old", now + timedelta(hours=1)) is None
    answers.keep(KeptAnswer("old", "again", now + timedelta(hours=1)))
