"""Middleware around ASGI applications of a few lines."""

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


async def succeed(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer 200."""
    await PlainTextResponse("done")(scope, receive, send)


async def fail(scope: Scope, receive: Receive, send: Send) -> None:
    """Raise before the answer."""
    raise RuntimeError("internal detail")


async def fail_midway(scope: Scope, receive: Receive, send: Send) -> None:
    """Raise after the start of the answer."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    raise RuntimeError("too late")


def messages_of(app: Any, path: str = "/", kind: str = "http") -> list[Message]:
    """Return the messages that an ASGI application sends."""
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(message: Message) -> None:
        sent.append(message)

    asyncio.run(app({**request(path=path).scope, "type": kind}, receive, send))
    return sent


def test_an_unexpected_error_is_answered_without_its_details_which_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    """The product's own API answers with one general sentence."""
    start, body = messages_of(FaultBoundary(fail, errors_v3.fault_answer), "/pulp/api/v3/notifications/x/")

    assert start["status"] == 500
    assert body["body"] == b'{"detail": "Unexpected error; the server log says why."}'
    assert "internal detail" in caplog.text


def test_an_error_after_the_start_of_an_answer_is_left_to_the_server() -> None:
    """The server closes the connection, because the status has been sent."""
    with pytest.raises(RuntimeError, match="too late"):
        messages_of(FaultBoundary(fail_midway, errors_v3.fault_answer))


def test_messages_other_than_requests_pass_through_every_middleware() -> None:
    """The server's lifespan messages are an example."""

    async def lifespan(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": scope["type"]})

    wrapped = AccessLog(Deprecated(FaultBoundary(lifespan, errors_v3.fault_answer)))

    assert [{"type": "lifespan"}] == messages_of(wrapped, kind="lifespan")


def test_an_access_log_at_level_warning_logs_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """Answers pass unchanged."""
    caplog.set_level(logging.WARNING, "pulp_notifiers.rest.access")

    assert [200] == [message["status"] for message in messages_of(AccessLog(succeed)) if "status" in message]
    assert [] == caplog.records


def test_a_slow_body_beyond_the_limit_is_given_up_after_drain_seconds() -> None:
    """The answer closes the connection."""

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
