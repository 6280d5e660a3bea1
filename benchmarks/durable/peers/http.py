"""HTTP senders."""

import json

import requests

from ...rounds import Figures
from ..events import BYTES, body
from .loop import Send, send_in_loop, send_in_threads

SESSION = "requests.Session in a loop"
SESSION_THREADS = "requests.Session in a loop, 16 threads"
POST = "requests.post each, as Pulp 2 did"
APPRISE = "Apprise json://"
PEERS = (SESSION, SESSION_THREADS, POST, APPRISE)

_THREADS = 16
_HEADERS = {"Content-Type": "application/json"}


def measure(name: str, url: str, count: int) -> Figures:
    """Return how fast one of them sends this many events."""
    if name == SESSION_THREADS:
        return send_in_threads([_by_session(url) for _ in range(_THREADS)], count)
    return send_in_loop({SESSION: _by_session, POST: _by_post, APPRISE: _by_apprise}[name](url), count)


def _by_session(url: str) -> Send:
    session = requests.Session()
    return lambda number: session.post(url, json.dumps(body(number)), headers=_HEADERS).raise_for_status()


def _by_post(url: str) -> Send:
    return lambda number: requests.post(url, json.dumps(body(number)), headers=_HEADERS).raise_for_status()


def _by_apprise(url: str) -> Send:
    import apprise  # noqa: PLC0415  only its own measurement pays for it

    sender = apprise.Apprise()
    sender.add(url.replace("http://", "json://"))
    filler = "x" * (BYTES - 20)

    def send(number: int) -> None:
        if not sender.notify(title="repo.sync.finish", body=f"{number} {filler}"):
            raise RuntimeError("Apprise could not send")

    return send
