"""The process that makes an attempt for :class:`.trial.Trial`: reads it from standard input, and answers in JSON."""

import json
import os
import signal
import sys
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from ..backoff import Backoff
from ..errors import TemporaryFailure
from ..event import Event
from ..plugin_host import NotifierRegistry
from ..records import Listener, OwedDelivery
from ..settings import Settings
from .attempt import AttemptRunner


class _OneListener:
    def __init__(self, listener: Listener) -> None:
        self._listener = listener

    def get(self, listener_id: str) -> Listener | None:
        return self._listener


def main() -> None:
    """Make the attempt."""
    # A shutdown waits for running attempts.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    answer = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # for what the notifier prints
    given = json.load(sys.stdin)
    settings = Settings(given["settings"]["sections"], Path(given["settings"]["file"]), given["settings"]["environ"])
    listener = Listener(event_types=(), **given["listener"])
    runner = AttemptRunner(_OneListener(listener), NotifierRegistry(settings.section), Backoff())
    failure = runner.failure_of(listener.id, _delivery(given["delivery"]), 0)
    result = {
        "reason": None if failure is None else str(failure),
        "permanent": not isinstance(failure, TemporaryFailure),
        "retry_after": getattr(failure, "retry_after", None),
    }
    json.dump(result, answer)
    answer.close()


def _delivery(given: dict[str, Any]) -> OwedDelivery:
    payload, call_report = given["encoded"]
    occurred_at = datetime.fromisoformat(given["occurred_at"])
    event = Event.from_encoded(
        given["type"], (payload, call_report), UUID(given["event_id"]), occurred_at, given["source"]
    )
    return OwedDelivery(given["id"], event, given["target"], given["attempts"])


if __name__ == "__main__":
    main()
