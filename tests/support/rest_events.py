"""Events that are fired over REST, and their deliveries."""

from typing import Any

from tests.support.rest import OWN, RestService

FIRE = f"{OWN}events/"
DELIVERIES = f"{OWN}deliveries/"
FINISHED = {
    "event_type": "repo.sync.finish",
    "payload": {"repo_id": "zoo", "result": "success"},
    "call_report": {"task_id": "52e0f1", "state": "running"},
}


def fire(service: RestService, **values: Any) -> dict[str, Any]:
    """Fire an event and return the answer."""
    answer = service.request("POST", FIRE, {**FINISHED, **values})
    assert answer.status == 202
    fired: dict[str, Any] = answer.json()
    return fired
