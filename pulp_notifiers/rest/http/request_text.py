"""Text from the head of a request, as the client sent it."""

from starlette.requests import Request
from starlette.types import Scope


def raw_path(scope: Scope) -> str:
    """Return the path with its percent-escapes. Decoded, it could hold line breaks."""
    path: str = scope["raw_path"].decode("latin-1")
    return path


def request_uri(request: Request) -> str:
    """Return path and query."""
    query: str = request.scope["query_string"].decode("latin-1")
    path = raw_path(request.scope)
    return f"{path}?{query}" if query else path


def utf8_or_latin1(value: bytes) -> str:
    """Return bytes as text. Clients and web servers send UTF-8, and some of them Latin-1."""
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")
