"""The service is killed repeatedly while events are fired: nothing is lost, nothing is out of order."""

import os
import random
import threading
import time
from collections import defaultdict
from concurrent.futures import Future, ThreadPoolExecutor
from uuid import uuid4

import pytest
import requests

from pulp_notifiers.app import upgrade_database
from pulp_notifiers.delivery.recorder import MOST_UNRECORDED
from pulp_notifiers.settings import Settings
from pulp_notifiers.testing.http import HttpReceiver, ReceivedRequest
from tests.support.service import Service

KILLS = int(os.environ.get("KILLS", "10"))
EVENTS = 60 * KILLS
THREADS = 16
CLIENTS = 4
REPOSITORIES = 40
LISTENERS = 3


def fire_until_accepted(service: Service, session: requests.Session, number: int, killing: Future[None]) -> str:
    """Fire one event as a careful client does: with its own id, repeatedly until it is accepted."""
    event_id = str(uuid4())
    body = {"event_type": "repo.sync.start", "payload": {"repo_id": f"repo{number % REPOSITORIES}", "n": number}}
    while True:
        try:
            answer = session.post(
                f"{service.url}/pulp/api/v3/notifications/events/",
                json=body,
                headers={"Pulp-Event-Id": event_id},
                timeout=30,
            )
        except requests.RequestException:
            if killing.done():
                killing.result()
            time.sleep(0.02)  # the service needs the processor to start again
            continue
        assert requests.codes.accepted == answer.status_code, answer.text
        return event_id


def fire_all(service: Service, client: int, accepted: list[str], killing: Future[None]) -> None:
    """Fire the events of one client's repositories, in order."""
    with requests.Session() as session:
        session.auth, session.trust_env = service.session.auth, False
        for number in range(client, EVENTS, CLIENTS):
            accepted.append(fire_until_accepted(service, session, number, killing))


def kill_and_restart(service: Service, accepted: list[str], done: threading.Event) -> None:
    """Kill the service at moments that are spread over the events."""
    draw = random.Random(20)
    for kill in range(KILLS):
        while len(accepted) < EVENTS * (kill + draw.random()) / KILLS and not done.is_set():
            done.wait(0.002)
        service.kill()
        service.start()


def arrived(requests_: tuple[ReceivedRequest, ...], path: str) -> dict[str, list[tuple[int, str]]]:
    """Return a listener's events by repository, as (number, event id) in the order of arrival."""
    found = defaultdict(list)
    for request in requests_:
        if request.path == path:
            payload = request.json()["payload"]
            found[payload["repo_id"]].append((payload["n"], request.headers["Pulp-Event-Id"]))
    return found


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_kills_while_events_are_fired_lose_nothing_and_keep_the_order(tmp_path, request, database):
    """Each event arrives at each listener at least once, in order for each repository, and nothing is stuck.

    The environment variable ``KILLS`` sets how often the service is killed.
    """
    settings = {"LEASE_SECONDS": "1", "POLL_SECONDS": "0.1", "LOG_LEVEL": "WARNING", "WORKER_THREADS": str(THREADS)}
    if database == "postgresql":
        settings["DATABASE_URL"] = request.getfixturevalue("postgresql").create_database()
        own = {"state_directory": str(tmp_path / "state"), "database_url": settings["DATABASE_URL"]}
        upgrade_database(Settings({"notifiers": own}).own())
    with (
        HttpReceiver() as receiver,
        ThreadPoolExecutor(1 + CLIENTS) as pool,
        Service(tmp_path, **settings) as service,
    ):
        paths = [f"/listener{number}" for number in range(LISTENERS)]
        for path in paths:
            service.register("http", {"url": receiver.url.rstrip("/") + path}, "*")
        accepted: list[str] = []
        done = threading.Event()
        killing = pool.submit(kill_and_restart, service, accepted, done)

        for client in [pool.submit(fire_all, service, each, accepted, killing) for each in range(CLIENTS)]:
            client.result()
        done.set()
        killing.result()
        service.wait_until_idle()

        for path in paths:
            by_repository = arrived(receiver.requests, path)
            ids = {event_id for came in by_repository.values() for _, event_id in came}
            assert set(accepted) == ids
            for came in by_repository.values():
                # A delivery that is repeated after a kill is repeated first: the numbers never decrease.
                numbers = [number for number, _ in came]
                assert numbers == sorted(numbers)
        repeats = len(receiver.requests) - EVENTS * LISTENERS
        print(f"{KILLS} kills, {EVENTS * LISTENERS} deliveries, {repeats} repeats")
        assert repeats <= KILLS * min(THREADS + MOST_UNRECORDED, REPOSITORIES * LISTENERS)
        assert 0 == service.call("GET", "/pulp/api/v3/notifications/status/")["backlog"]["dead"]
