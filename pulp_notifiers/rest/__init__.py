"""The REST service: Pulp 2's listeners unchanged (v2) and the product's own API (v3); owner of FastAPI and uvicorn.

::

    server       serves over sockets
    application  the routes of both APIs, and which answer each error gets
    paths        where things are
    http/        bodies, answers, methods, proxies, and what every request passes
    access/      who sent a request, and whether that user may do it
    v2/  v3/     the two APIs, one module for each kind of thing
"""

from .access.oauth import OAuthSettings
from .server import RestServer

__all__ = ["OAuthSettings", "RestServer"]
