"""The REST service: Pulp 2's listeners unchanged (v2) and the product's own API (v3); owner of FastAPI and uvicorn.

::

    server       serves over sockets
    application  the ASGI application: the routes of both APIs and their error handlers
    routes       adds a path with its permissions, HEAD, and the answer to other methods
    paths        the URL paths
    http/        request bodies, answers, errors, trusted proxies, middleware
    access/      authentication and permissions
    v2/  v3/     the two APIs
"""

from .access.oauth import OAuthSettings
from .server import RestServer

__all__ = ["OAuthSettings", "RestServer"]
