"""What surrounds every answer, tried around applications of a few lines."""

import asyncio
import logging
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Message, Receive, Scope, Send

from pulp_notifiers.rest.http.body import read
from pulp_notifiers.rest.http.errors import BodyTooLarge
from pulp_notifiers.rest.http.middleware import AccessLog, Deprecated, FaultBoundary
from pulp_notifiers.rest.v3 import errors as errors_v3
from tests.support.rest_requests import request


async def fine(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer."""
    await PlainTextResponse("fine")(scope, receive, send)


async def faulty(scope: Scope, receive: Receive, send: Send) -> None:
    """Fail before the answer."""
    raise RuntimeError("secret of the implementation")


async def faulty_midway(scope: Scope, receive: Receive, send: Send) -> None:
    """Fail within the answer."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    raise RuntimeError("too late")


def ask(app: Any, path: str = "/", kind: str = "http") -> list[Message]:
    """Return what an application sends."""
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(message: Message) -> None:
        sent.append(message)

    asyncio.run(app({**request(path=path).scope, "type": kind}, receive, send))
    return sent


def test_a_fault_is_logged_and_answered_without_its_details(caplog: pytest.LogCaptureFixture) -> None:
    """The own API keeps them to the log."""
    start, body = ask(FaultBoundary(faulty, errors_v3.fault_answer), "/pulp/api/v3/notifications/x/")

    assert start["status"] == 500
    assert body["body"] == b'{"detail": "Unexpected error; the server log says why."}'
    assert "secret of the implementation" in caplog.text


def test_a_fault_within_an_answer_is_left_to_the_server() -> None:
    """Which closes the connection, because nothing else can be said any more."""
    with pytest.raises(RuntimeError, match="too late"):
        ask(FaultBoundary(faulty_midway, errors_v3.fault_answer))


def test_what_is_no_request_passes_through_all_of_them() -> None:
    """Such as messages about the life of the server."""

    async def lifespan(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": scope["type"]})

    surrounded = AccessLog(Deprecated(FaultBoundary(lifespan, errors_v3.fault_answer)))

    assert [{"type": "lifespan"}] == ask(surrounded, kind="lifespan")


def test_a_quiet_access_log_costs_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """Where the level is WARNING, answers pass untouched."""
    caplog.set_level(logging.WARNING, "pulp_notifiers.rest.access")

    assert [200] == [message["status"] for message in ask(AccessLog(fine)) if "status" in message]
    assert [] == caplog.records


def test_a_client_that_sends_too_much_too_slowly_is_not_waited_for() -> None:
    """Its connection is closed behind the answer."""

    async def receive() -> Message:
        if not asked:
            asked.append(True)
            return {"type": "http.request", "body": b"x" * 11, "more_body": True}
        await asyncio.Event().wait()
        raise AssertionError

    asked: list[bool] = []

    with pytest.raises(BodyTooLarge) as refused:
        asyncio.run(read(Request(request().scope, receive), max_bytes=10, drain_seconds=0.01))

    assert not refused.value.drained
    answer = errors_v3.refusal_answer(request(), refused.value)
    assert isinstance(answer, Response)
    assert answer.headers["connection"] == "close"
