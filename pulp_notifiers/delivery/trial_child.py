"""The process that makes an attempt for :class:`.trial.Trial`: reads it from standard input, and answers in JSON."""

import json
import os
import signal
import sys
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from ..backoff import Backoff, usable_seconds
from ..errors import TemporaryFailure
from ..event import Event
from ..plugin_host import NotifierRegistry
from ..records import ErrorKind, Listener, OwedDelivery, Template, TemplateOrigin
from ..settings import Settings
from ..templates import FileTemplates, Messages, Shelf
from .attempt import AttemptRunner
from .trial import BEGUN

_GRACE_SECONDS = 5


class _TemplateProblems:
    """Keeps the last one, which the process that knows the database counts."""

    def __init__(self) -> None:
        self.last: str | None = None

    def count(self, _kind: ErrorKind, _listener: Listener, _event: Event, problem: str) -> None:
        self.last = problem


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
    answer = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # for what the notifier prints
    given = json.load(sys.stdin)
    # Ends this process if the one that started it has ended and cannot.
    signal.alarm(int(given["seconds"]) + _GRACE_SECONDS)
    settings = Settings(given["settings"]["sections"], Path(given["settings"]["file"]), given["settings"]["environ"])
    listener = Listener(event_types=(), **given["listener"])
    templates = {each["name"]: _template(each) for each in given["templates"]}
    problems = _TemplateProblems()
    runner = AttemptRunner(
        _OneListener(listener),
        NotifierRegistry(settings.section),
        Backoff(),
        messages=Messages(Shelf(templates.get, FileTemplates(None)), problems),
    )
    delivery = _delivery(given["delivery"])
    os.write(answer, BEGUN)
    failure = runner.failure_of(listener.id, delivery, 0)
    result = {
        "reason": None if failure is None else str(failure),
        "permanent": not isinstance(failure, TemporaryFailure),
        "retry_after": usable_seconds(getattr(failure, "retry_after", None)),  # whatever a notifier gives
        "template_problem": problems.last,
    }
    with os.fdopen(answer, "w", encoding="utf-8") as writing:
        json.dump(result, writing)
    sys.stderr.flush()
    os._exit(0)  # or threads of the notifier could hold the process


def _template(given: dict[str, Any]) -> Template:
    return Template(given["name"], given["notifier_type"], given["parts"], origin=TemplateOrigin(given["origin"]))


def _delivery(given: dict[str, Any]) -> OwedDelivery:
    payload, call_report = given["encoded"]
    occurred_at = datetime.fromisoformat(given["occurred_at"])
    event = Event.from_encoded(
        given["type"], (payload, call_report), UUID(given["event_id"]), occurred_at, given["source"]
    )
    return OwedDelivery(given["id"], event, given["target"], given["attempts"])


if __name__ == "__main__":
    main()
