"""What a path answers to methods that it does not serve, before anything else is checked (CONTRACT 1.1)."""

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from .answers import empty_answer

RefuseMethod = Callable[[Request, str], Response]


def other_methods(path: str, allow: str, refuse: RefuseMethod) -> Route:
    """Return the route that stands behind those of a path and takes every method that they leave.

    :param allow: the methods of the path, as the header ``Allow`` lists them.
    :param refuse: makes the answer 405 from the request and ``allow``.
    """
    return Route(path, _OtherMethods(allow, refuse), include_in_schema=False)


class _OtherMethods:
    # An ASGI application and not a function, because Starlette gives a function the method GET alone.

    def __init__(self, allow: str, refuse: RefuseMethod) -> None:
        self._allow = allow
        self._refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        if request.method == "OPTIONS":
            answer = empty_answer(200, {"Allow": self._allow})
        else:
            answer = self._refuse(request, self._allow)
        await answer(scope, receive, send)
