"""A last attempt in a process of its own, for a delivery that may have ended those before it."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from ..errors import PermanentFailure, TemporaryFailure
from ..records import Listener, OwedDelivery, Template

BEGUN = b"begun\n"
"""What the process writes before its answer; without it, it ended for a reason that is not the attempt."""

_ASKED_TO_END = {-signal.SIGTERM, -signal.SIGINT, -signal.SIGHUP}


class TrialDied(Exception):
    """The process ended without an answer, so the attempt ends processes; its text says how."""


class Trial:
    """Makes attempts in a process of their own, which may end without harm.

    :param settings: :meth:`pulp_notifiers.server_conf.ServerConf.portable`.
    :param limit: how long an attempt may take.
    """

    def __init__(self, settings: Mapping[str, Any], limit: timedelta) -> None:
        self._settings = settings
        self._limit_seconds = limit.total_seconds()

    def attempt(
        self,
        listener: Listener,
        delivery: OwedDelivery,
        templates: Sequence[Template] = (),
        template_failed: Callable[[str], None] = lambda _problem: None,
    ) -> TemporaryFailure | PermanentFailure | None:
        """Make an attempt; return why it failed.

        :param templates: those that the attempt may need; the process has no database.
        :param template_failed: called with the problem if the listener's template failed.
        :raises TrialDied: the process ended during it.
        """
        given = {
            "settings": self._settings,
            "seconds": self._limit_seconds,
            "listener": _listener(listener),
            "templates": [asdict(template) for template in templates],
            "delivery": _delivery(delivery),
        }
        try:
            ended = subprocess.run(
                [sys.executable, "-P", "-m", f"{__package__}.trial_child"],
                input=json.dumps(given, default=str).encode(),
                stdout=subprocess.PIPE,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
                start_new_session=True,
                timeout=self._limit_seconds,
                check=False,
            )
        except OSError as error:
            return TemporaryFailure(f"No process could be started for the attempt: {error.strerror}")
        except subprocess.TimeoutExpired:
            return TemporaryFailure(f"The notifier did not return within {self._limit_seconds:g} seconds")
        answer = ended.stdout.removeprefix(BEGUN)
        if answer:
            result = json.loads(answer)
            if result["template_problem"] is not None:
                template_failed(result["template_problem"])
            return _failure(result)
        if ended.returncode in _ASKED_TO_END:
            return TemporaryFailure("The process that made the attempt was asked to end")
        how = _how(ended.returncode)
        if not ended.stdout:
            return TemporaryFailure(f"The process for the attempt ended before the attempt ({how}): see the log")
        raise TrialDied(how)


def _listener(listener: Listener) -> dict[str, Any]:
    names = ("id", "notifier_type", "config", "name", "description", "labels", "template")
    return {name: getattr(listener, name) for name in names}


def _delivery(delivery: OwedDelivery) -> dict[str, Any]:
    event = delivery.event
    return {
        "id": delivery.id,
        "target": delivery.target,
        "attempts": delivery.attempts,
        "type": event.type,
        "encoded": event.encoded(),
        "event_id": str(event.id),
        "occurred_at": event.occurred_at.isoformat(),
        "source": event.source,
    }


def _failure(answer: Mapping[str, Any]) -> TemporaryFailure | PermanentFailure | None:
    if answer["reason"] is None:
        return None
    if answer["permanent"]:
        return PermanentFailure(answer["reason"])
    return TemporaryFailure(answer["reason"], answer["retry_after"])


def _how(returncode: int) -> str:
    if returncode >= 0:
        return f"exit code {returncode}"
    try:
        return signal.Signals(-returncode).name
    except ValueError:
        return f"signal {-returncode}"
