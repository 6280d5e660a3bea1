"""Requests as an ASGI server passes them on, for tests of functions that take a request."""

from collections.abc import Sequence

from starlette.requests import Request


def request(
    method: str = "GET",
    path: str = "/",
    query: str = "",
    headers: Sequence[tuple[str, str]] = (),
    client: str | None = "127.0.0.1",
) -> Request:
    """Return a request without a body."""
    return Request(
        {
            "type": "http",
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in headers],
            "client": None if client is None else (client, 1234),
        }
    )
