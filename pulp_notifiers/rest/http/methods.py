"""Answers to methods that a path does not support, before anything else is checked (CONTRACT 1.1)."""

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from .answers import empty_answer

MethodNotAllowed = Callable[[Request, str], Response]
"""Makes the answer 405 from the request and the value of its header ``Allow``."""


def other_methods(path: str, allow: str, method_not_allowed: MethodNotAllowed) -> Route:
    """Return a route for the methods of a path that have no route of their own; add it after those.

    :param allow: the methods of the path, as in the header ``Allow``.
    """
    return Route(path, _OtherMethods(allow, method_not_allowed), include_in_schema=False)


class _OtherMethods:
    # An ASGI application and not a function, because Starlette routes only GET to a function.

    def __init__(self, allow: str, method_not_allowed: MethodNotAllowed) -> None:
        self._allow = allow
        self._method_not_allowed = method_not_allowed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        if request.method == "OPTIONS":
            answer = empty_answer(200, {"Allow": self._allow})
        else:
            answer = self._method_not_allowed(request, self._allow)
        await answer(scope, receive, send)
