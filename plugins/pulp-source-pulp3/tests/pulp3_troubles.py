"""How a server, or the proxy before it, can misbehave: functions from the right answer to another one."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace

from pulp_notifiers.testing.http import Answer

Spoil = Callable[[Answer], Answer]


@dataclass
class Trouble:
    """Something that goes wrong with requests to come.

    :ivar spoil: makes the answer that is sent.
    :ivar path: part of the paths that it concerns.
    :ivar times: how many requests it concerns still.
    :ivar until: the answer waits for this.
    :ivar seconds: the answer waits so long.
    """

    spoil: Spoil
    path: str = ""
    times: int = 1
    until: threading.Event | None = None
    seconds: float = 0.0


def status(number: int, body: bytes = b"{}", **headers: str) -> Spoil:
    """Return a trouble: this status; ``retry_after="30"`` gives a header Retry-After."""
    given = {name.replace("_", "-").title(): value for name, value in headers.items()}
    return lambda _: Answer(number, {"Content-Type": "application/json", **given}, body)


def page_of_proxy(number: int = 502) -> Spoil:
    """Return a trouble: an HTML page, also with status 200, as of a proxy's sign-in."""
    body = b"<html><head><title>Sorry</title></head><body><h1>Come back later</h1></body></html>"
    return lambda _: Answer(number, {"Content-Type": "text/html"}, body)


def truncated(answer: Answer) -> Answer:
    """Half of the JSON, and a length that says that this is all."""
    return replace(answer, body=answer.body[: len(answer.body) // 2])


def cut_off(answer: Answer) -> Answer:
    """Half of the body, then the connection is closed."""
    headers = {**answer.headers, "Content-Length": str(len(answer.body))}
    return replace(answer, headers=headers, body=answer.body[: len(answer.body) // 2], close=True)


def reset(answer: Answer) -> Answer:
    """No answer: the connection is closed."""
    return replace(answer, drop=True)


def trickling(_: Answer) -> Answer:
    """A long answer, some hundred bytes of it a second."""
    return Answer(200, {"Content-Type": "application/json"}, b" " * 1_000_000, trickle_seconds=0.005)


def of_type(content_type: str) -> Spoil:
    """Return a trouble: the right body under another type."""
    return lambda answer: replace(answer, headers={**answer.headers, "Content-Type": content_type})


def with_body(body: bytes) -> Spoil:
    """Return a trouble: 200 and this body as JSON, such as ``b"[]"`` or a very long one."""
    return lambda answer: replace(answer, status=200, body=body)


def redirected(location: str) -> Spoil:
    """Return a trouble: 302 to somewhere else."""
    return lambda _: Answer(302, {"Location": location})


def unchanged(answer: Answer) -> Answer:
    """The right answer, for troubles that only take time."""
    return answer
