"""The REST service while PostgreSQL is frozen, stopped or read-only: bounded answers and a short log."""

import logging
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from tests.harness.postgres import PostgreSQL, find_binaries
from tests.support.rest import EVENTS, OWN, Answer, RestService, rest_service

STATUS = f"{OWN}status/"
BOUND_SECONDS = 15.0


@pytest.fixture(scope="module")
def server() -> Iterator[PostgreSQL]:
    """Yield a server of its own."""
    if find_binaries() is None:
        pytest.skip("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    with PostgreSQL() as server:
        yield server


@pytest.fixture
def service(server: PostgreSQL, tmp_path: Path) -> Iterator[RestService]:
    """Yield a service on that server, with a listener that matches all repository events."""
    with rest_service(tmp_path, database_url=server.create_database(), database_timeout_seconds="2") as service:
        service.request("POST", EVENTS, {"notifier_type_id": "http", "event_types": ["*"]})
        yield service


@contextmanager
def stopped(server: PostgreSQL) -> Iterator[None]:
    """Shut the server down for one ``with`` block."""
    server.stop()
    try:
        yield
    finally:
        server.restart()


def read_only(server: PostgreSQL, database_url: str) -> None:
    """Let further transactions write nothing, as on a standby after a failover."""
    name = database_url.rpartition("/")[2]
    server.query(server.url(), f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    server.query(server.url(), f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")


def fire(service: RestService) -> Answer:
    """Fire an event."""
    return service.request("POST", f"{OWN}events/", {"event_type": "repo.sync.start", "payload": {}})


def test_a_frozen_database_is_answered_503_in_bounded_time_however_many_ask(
    service: RestService, server: PostgreSQL
) -> None:
    """Sixty requests at once; afterwards the service continues by itself."""
    assert 202 == fire(service).status

    def ask(number: int) -> tuple[int, float]:
        began = time.monotonic()
        answer = fire(service) if number % 2 else service.request("GET", STATUS, login=None)
        return answer.status, time.monotonic() - began

    with server.frozen(), ThreadPoolExecutor(60) as pool:
        answers = list(pool.map(ask, range(60)))

    assert {503} == {status for status, _ in answers}
    assert all(seconds < BOUND_SECONDS for _, seconds in answers), answers
    assert (200, 202) == (service.request("GET", STATUS, login=None).status, fire(service).status)


@pytest.mark.parametrize("away", [stopped, PostgreSQL.frozen])
def test_an_outage_of_the_database_is_a_few_lines_of_the_log(
    service: RestService, server: PostgreSQL, away, caplog: pytest.LogCaptureFixture
) -> None:
    """Each is one line, however many requests fail and however long PostgreSQL's own message is."""
    caplog.set_level(logging.INFO)
    fire(service)
    outage: AbstractContextManager[None] = away(server)
    with outage, ThreadPoolExecutor(40) as pool:
        assert {503} == {answer.status for answer in pool.map(lambda _: fire(service), range(80))}
        service.request("GET", STATUS, login=None)
    assert 200 == service.request("GET", STATUS, login=None).status

    ours = [
        record.getMessage()
        for record in caplog.records
        if record.name.startswith("pulp_notifiers") and record.name != "pulp_notifiers.rest.access"
    ]
    assert [] == [line for line in ours if "\n" in line]
    assert 2 <= len(ours) <= 8, ours
    assert ours[-1].startswith("The database can be ")


def test_a_database_that_can_be_read_and_not_written_is_not_reachable(service: RestService, server: PostgreSQL) -> None:
    """The status still has the backlog."""
    fire(service)
    read_only(server, service.app.own.resolved_database_url())

    answer = service.request("GET", STATUS, login=None)

    assert 503 == answer.status
    assert (False, 1) == (answer.json()["database"]["reachable"], answer.json()["backlog"]["pending"])
