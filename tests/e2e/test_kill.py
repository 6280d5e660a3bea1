"""Services are killed repeatedly while events are fired: nothing is lost, nothing is out of order."""

import os
import random
import threading
import time
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from itertools import cycle
from pathlib import Path
from uuid import uuid4

import pytest
import requests

from pulp_notifiers.delivery.recorder import MOST_UNRECORDED
from pulp_notifiers.testing.http import HttpReceiver, ReceivedRequest
from tests.support.migrated import new_postgresql
from tests.support.service import Service

KILLS = int(os.environ.get("KILLS", "10"))
EVENTS = int(os.environ.get("EVENTS", str(60 * KILLS)))
THREADS = 16
CLIENTS = 4
REPOSITORIES = 40
LISTENERS = 3


def fire_until_accepted(
    urls: Sequence[str], session: requests.Session, number: int, killing: Sequence[Future[None]]
) -> str:
    """Fire one event as a careful client does: with its own id, at one service after the other until it is accepted."""
    event_id = str(uuid4())
    body = {"event_type": "repo.sync.start", "payload": {"repo_id": f"repo{number % REPOSITORIES}", "n": number}}
    for url in cycle([*urls[number % len(urls) :], *urls[: number % len(urls)]]):
        try:
            answer = session.post(
                f"{url}/pulp/api/v3/notifications/events/",
                json=body,
                headers={"Pulp-Event-Id": event_id},
                timeout=30,
            )
        except requests.RequestException:
            for each in killing:
                if each.done():
                    each.result()
            time.sleep(0.02)  # the service needs the processor to start again
            continue
        assert requests.codes.accepted == answer.status_code, answer.text
        return event_id
    raise AssertionError("there is no service")


def fire_all(services: Sequence[Service], client: int, accepted: list[str], killing: Sequence[Future[None]]) -> None:
    """Fire the events of one client's repositories, in order."""
    urls = [service.url for service in services]
    with requests.Session() as session:
        session.auth, session.trust_env = services[0].session.auth, False
        for number in range(client, EVENTS, CLIENTS):
            accepted.append(fire_until_accepted(urls, session, number, killing))


def kill_and_restart(service: Service, kills: int, seed: int, accepted: list[str], done: threading.Event) -> None:
    """Kill the service at moments that are spread over the events."""
    draw = random.Random(seed)
    for kill in range(kills):
        while len(accepted) < EVENTS * (kill + draw.random()) / kills and not done.is_set():
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


def settings_of(database: str, request: pytest.FixtureRequest, folder: Path) -> dict[str, str]:
    """Return the settings of the services that share a database, which has the newest schema."""
    settings = {"POLL_SECONDS": "0.1", "LOG_LEVEL": "WARNING", "WORKER_THREADS": str(THREADS)}
    if database == "sqlite":
        return {**settings, "LEASE_SECONDS": "1"}
    url = new_postgresql(request.getfixturevalue("postgresql"))
    # Longer than a process may be without the processor, or the other one takes over what is not dead.
    return {**settings, "LEASE_SECONDS": "5", "DATABASE_URL": url, "KEY_FILE": str(folder / "secret.key")}


@pytest.mark.parametrize(("database", "count"), [("sqlite", 1), ("postgresql", 2)])
def test_kills_while_events_are_fired_lose_nothing_and_keep_the_order(tmp_path, request, database, count):
    """Each event arrives at each listener at least once, in order for each repository, and nothing is stuck.

    The environment variables ``KILLS`` and ``EVENTS`` set how often the services are killed, and over how many events.
    What takes longer than ten minutes needs ``pytest -o faulthandler_timeout=0``.
    """
    settings = settings_of(database, request, tmp_path)
    folders = [tmp_path / f"service{number}" for number in range(count)]
    for folder in folders:
        folder.mkdir()
    with (
        HttpReceiver() as receiver,
        ThreadPoolExecutor(count + CLIENTS) as pool,
        ExitStack() as stack,
    ):
        services = [stack.enter_context(Service(folder, **settings)) for folder in folders]
        paths = [f"/listener{number}" for number in range(LISTENERS)]
        for path in paths:
            services[0].register("http", {"url": receiver.url.rstrip("/") + path}, "*")
        accepted: list[str] = []
        done = threading.Event()
        killing = [
            pool.submit(kill_and_restart, service, KILLS // count, 20 + number, accepted, done)
            for number, service in enumerate(services)
        ]

        for client in [pool.submit(fire_all, services, each, accepted, killing) for each in range(CLIENTS)]:
            client.result()
        done.set()
        for each in killing:
            each.result()
        services[0].wait_until_idle()

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
        backlog = services[0].call("GET", "/pulp/api/v3/notifications/status/")["backlog"]
        assert (0, 0) == (backlog["pending"], backlog["dead"])
