"""The service is killed repeatedly while events are fired: nothing is lost, nothing is out of order."""

import random
import threading
from collections import defaultdict
from concurrent.futures import Future, ThreadPoolExecutor
from uuid import uuid4

import requests

from pulp_notifiers.testing.http import HttpReceiver, ReceivedRequest
from tests.support.service import Service

EVENTS = 1000
KILLS = 20
REPOSITORIES = 7
LISTENERS = 2


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
            continue
        assert requests.codes.accepted == answer.status_code, answer.text
        return event_id


def kill_and_restart(service: Service, accepted: list[str], done: threading.Event) -> None:
    """Kill the service at twenty moments spread over the events."""
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


def test_twenty_kills_during_a_thousand_events_lose_nothing_and_keep_the_order(tmp_path):
    """Each event arrives at each listener at least once, in order for each repository, and nothing is stuck."""
    with (
        HttpReceiver() as receiver,
        ThreadPoolExecutor(1) as pool,
        Service(tmp_path, LEASE_SECONDS="1", POLL_SECONDS="0.1", LOG_LEVEL="WARNING") as service,
        requests.Session() as session,
    ):
        session.auth, session.trust_env = service.session.auth, False
        paths = [f"/listener{number}" for number in range(LISTENERS)]
        for path in paths:
            service.register("http", {"url": receiver.url.rstrip("/") + path}, "*")
        accepted: list[str] = []
        done = threading.Event()
        killing = pool.submit(kill_and_restart, service, accepted, done)

        for number in range(EVENTS):
            accepted.append(fire_until_accepted(service, session, number, killing))
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
        assert repeats <= KILLS * REPOSITORIES * LISTENERS
        assert 0 == service.call("GET", "/pulp/api/v3/notifications/status/")["backlog"]["dead"]
