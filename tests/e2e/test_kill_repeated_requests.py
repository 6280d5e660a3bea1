"""A service is killed while requests with idempotency keys come in: repeated, each is carried out exactly once."""

import itertools
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import requests

from tests.support.service import Service

API = "/pulp/api/v3/notifications"
BODIES: dict[str, dict[str, Any]] = {
    f"{API}/listeners/": {
        "notifier_type": "http",
        "config": {"url": "http://192.0.2.1/"},
        "event_types": ["task.error"],
    },
    f"{API}/events/": {"event_type": "repo.sync.finish", "payload": {"repo_id": "zoo"}, "call_report": None},
}
REQUESTS = 60


def test_a_request_that_is_repeated_after_a_kill_is_carried_out_once(tmp_path: Path) -> None:
    """Those that were answered get the same answer again; nothing was made twice, and nothing is missing."""
    with Service(tmp_path) as service:
        watcher = {**BODIES[f"{API}/listeners/"], "event_types": ["repo.#"], "enabled": True}
        service.call("POST", f"{API}/listeners/", 201, json=watcher)
        numbers = itertools.count()
        answers: dict[tuple[str, int], bytes] = {}
        enough = threading.Event()

        def send(number: int) -> None:
            for path, body in BODIES.items():
                answer = service.session.post(
                    f"{service.url}{path}", json=body, headers={"Idempotency-Key": f"key-{number}"}, timeout=30
                )
                assert answer.status_code in (201, 202), answer.text
                answers[path, number] = answer.content

        def send_until_killed() -> list[int]:
            sent: list[int] = []
            try:
                for number in numbers:
                    sent.append(number)
                    send(number)
                    if len(answers) > REQUESTS:
                        enough.set()
            except requests.RequestException:
                return sent
            raise AssertionError("it was never killed")

        with ThreadPoolExecutor(4) as pool:
            running = [pool.submit(send_until_killed) for _ in range(4)]
            assert enough.wait(60)
            service.kill()
            sent = sorted(number for each in running for number in each.result())
        service.start()
        before = dict(answers)
        for number in sent:
            send(number)

        assert before.items() <= answers.items()
        listeners = service.call("GET", f"{API}/listeners/?limit=1")["count"]
        deliveries = service.call("GET", f"{API}/deliveries/?limit=1")["count"]
        assert (len(sent) + 1, len(sent)) == (listeners, deliveries)
