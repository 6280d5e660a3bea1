"""The REST service: Pulp 2's listeners unchanged (v2) and the product's own API (v3); owner of FastAPI and uvicorn.

::

    server       serves over sockets
    listening    checks the settings and listens, before the server is loaded
    application  the ASGI application: the routes of both APIs and their error handlers
    settings     the section [rest]
    routes       adds a path with its permissions, HEAD, and the answer to other methods
    openapi      the OpenAPI document
    paths        the URL paths
    connections/ accepts connections; their limits and deadlines
    http/        request bodies, answers, errors, trusted proxies, middleware
    access/      authentication and permissions
    v2/  v3/     the two APIs
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .access.oauth import OAuthSettings
    from .listening import listen
    from .server import RestServer
    from .settings import RestSettings

__all__ = ["OAuthSettings", "RestServer", "RestSettings", "listen"]

_HOMES = {
    "OAuthSettings": "access.oauth",
    "RestServer": "server",
    "RestSettings": "settings",
    "listen": "listening",
}

if not TYPE_CHECKING:  # a worker reads the settings and must not load the server, which takes a second and 50 MB

    def __getattr__(name: str) -> object:
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
