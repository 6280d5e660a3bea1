"""Ways in which a server, or the proxy in front of it, misbehaves: functions from the right answer to another one."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace

from pulp_notifiers.testing.http import Answer

Spoil = Callable[[Answer], Answer]


@dataclass
class Trouble:
    """Something that goes wrong with later requests.

    :ivar spoil: makes the answer that is sent.
    :ivar path: part of the paths that it affects.
    :ivar times: how many more requests it affects.
    :ivar until: the answer waits for this event.
    :ivar seconds: the answer waits for this long.
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
    """Return a trouble: an HTML page, also with status 200, like a proxy's sign-in page."""
    body = b"<html><head><title>Sorry</title></head><body><h1>Come back later</h1></body></html>"
    return lambda _: Answer(number, {"Content-Type": "text/html"}, body)


def truncated(answer: Answer) -> Answer:
    """Answer half of the JSON, with the length of that half."""
    return replace(answer, body=answer.body[: len(answer.body) // 2])


def cut_off(answer: Answer) -> Answer:
    """Answer half of the body, then close the connection."""
    headers = {**answer.headers, "Content-Length": str(len(answer.body))}
    return replace(answer, headers=headers, body=answer.body[: len(answer.body) // 2], close=True)


def reset(answer: Answer) -> Answer:
    """Close the connection without an answer."""
    return replace(answer, drop=True)


def trickling(_: Answer) -> Answer:
    """Send a long answer at a few hundred bytes per second."""
    return Answer(200, {"Content-Type": "application/json"}, b" " * 1_000_000, trickle_seconds=0.005)


def with_body(body: bytes) -> Spoil:
    """Return a trouble: 200 and this body as JSON, such as ``b"[]"`` or a very long one."""
    return lambda answer: replace(answer, status=200, body=body)


def redirected(location: str) -> Spoil:
    """Return a trouble: a redirect with status 302."""
    return lambda _: Answer(302, {"Location": location})


def unchanged(answer: Answer) -> Answer:
    """Answer correctly, for troubles that only take time."""
    return answer
