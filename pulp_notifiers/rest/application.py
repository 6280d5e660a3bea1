"""The ASGI application: the routes of both APIs and their error handlers."""

import logging
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match

from .. import __version__
from ..access import FailureLimits
from ..app import App
from ..errors import PulpNotifiersError, StoreUnavailable
from .access.gate import Gate
from .access.oauth import OAuth, OAuthSettings
from .http.answers import empty_answer, json_answer
from .http.errors import PartlyAccepted
from .http.middleware import AccessLog, Deprecated, FaultBoundary, ForwardedScheme
from .http.origins import SameOrigin
from .http.proxies import TrustedProxies
from .http.request_text import raw_path, request_uri
from .http.security import SecurityHeaders
from .openapi import OpenApi
from .paths import OPENAPI, V3
from .routes import Routes
from .settings import RestSettings
from .v2 import errors as errors_v2
from .v2.routes import STYLE as STYLE_V2
from .v2.routes import ListenersV2
from .v3 import errors as errors_v3
from .v3.deliveries import DeliveriesV3
from .v3.docs import DocsV3
from .v3.event_types import EventTypesV3
from .v3.events import EventsV3
from .v3.further_permissions import FurtherPermissions
from .v3.listeners import ListenersV3
from .v3.plugins import PluginsV3
from .v3.sources import SourcesV3
from .v3.status import StatusV3
from .v3.style import STYLE as STYLE_V3
from .v3.tasks import TasksV3
from .v3.template_previews import TemplatePreviewsV3
from .v3.templates import TemplatesV3

_logger = logging.getLogger(__name__)


class _Service(FastAPI):
    def __init__(self, openapi: OpenApi, **options: Any) -> None:
        self._openapi = openapi
        super().__init__(**options)

    def openapi(self) -> dict[str, Any]:
        """Return the OpenAPI document."""
        return self._openapi.completed(super().openapi())


def create_app(app: App) -> FastAPI:
    """Return the REST service of an App.

    :raises InvalidSetting: a setting of the REST service is wrong.
    """
    service = _Service(
        OpenApi(app.registry, app.source_registry),
        title="pulp-notifiers",
        summary="Durable notifications for Pulp.",
        version=__version__,
        openapi_url=OPENAPI,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
        exception_handlers={
            PulpNotifiersError: _refuse,
            RequestValidationError: _refuse,
            HTTPException: _http_error,
            ClientDisconnect: _client_disconnected,
        },
    )
    service.state.max_body_bytes = app.own.max_body_bytes
    service.state.idempotent_requests = app.idempotent_requests
    proxies = TrustedProxies(app.own.trusted_proxies)
    _add_routes(service, app, _gate(app, proxies))
    # The one added last is the outermost.
    service.add_middleware(FaultBoundary, answer=_fault_answer)
    allowed = app.settings.section("rest", RestSettings).allowed_origins
    service.add_middleware(SameOrigin, proxies=proxies, allowed=allowed, refusal_answer=_refusal_answer)
    service.add_middleware(ForwardedScheme, proxies=proxies)
    service.add_middleware(Deprecated)
    service.add_middleware(SecurityHeaders)
    service.add_middleware(AccessLog)
    return service


def _gate(app: App, proxies: TrustedProxies) -> Gate:
    return Gate(
        app.accounts,
        proxies,
        OAuth(app.settings.section("oauth", OAuthSettings)),
        FailureLimits(
            app.own.failed_logins, app.own.failed_logins_of_address, app.own.failed_login_longest_wait_seconds
        ),
        app.own.remote_user_header,
        app.own.client_subject_header,
    )


def _add_routes(service: FastAPI, app: App, gate: Gate) -> None:
    def v3(tag: str) -> Routes:
        return Routes(service.router, gate, tag, STYLE_V3)

    v2 = Routes(service.router, gate, "Listeners (Pulp 2)", STYLE_V2)
    ListenersV2(app.pulp2_listeners, app.accounts, app.own.max_body_bytes).add_to(v2)
    ListenersV3(app.listeners).add_to(v3("Listeners"))
    EventsV3(app).add_to(v3("Events"))
    EventTypesV3().add_to(v3("Event types"))
    previews = TemplatePreviewsV3(app.templates, app.previews, app.listeners, FurtherPermissions(app.accounts))
    previews.add_to(v3("Templates"))
    TemplatesV3(app.templates).add_to(v3("Templates"))
    TasksV3(app).add_to(v3("Tasks"))
    PluginsV3(app.registry, "notifiers", "notifiers").add_to(v3("Notifiers"))
    SourcesV3(app.sources).add_to(v3("Sources"))
    PluginsV3(app.source_registry, "source-types", "source types").add_to(v3("Sources"))
    DeliveriesV3(app.deliveries, app.listeners).add_to(v3("Deliveries"))
    StatusV3(app).add_to(v3("Status"))
    DocsV3().add_to(v3("Docs"))


async def _refuse(request: Request, error: Any) -> Response:
    unavailable = error.__cause__ if isinstance(error, PartlyAccepted) else error
    if isinstance(unavailable, StoreUnavailable):
        # The database logs when it begins and ceases to fail, instead of each request.
        _logger.debug("%s %s: %s", request.method, raw_path(request.scope), unavailable)
    return _refusal_answer(request, error)


def _refusal_answer(request: Request, error: Exception) -> Response:
    refusal_answer = errors_v3.refusal_answer if _is_v3(request) else errors_v2.refusal_answer
    answer = refusal_answer(request, error)
    if answer is None:
        raise error
    return answer


def _fault_answer(request: Request, error: Exception) -> Response:
    fault_answer = errors_v3.fault_answer if _is_v3(request) else errors_v2.fault_answer
    return fault_answer(request, error)


async def _http_error(request: Request, error: Any) -> Response:
    if error.status_code == 404 and _is_routed(request, request.scope["path"] + "/"):
        path, question_mark, query = request_uri(request).partition("?")
        return empty_answer(301, {"Location": f"{path}/{question_mark}{query}"})
    if not _is_v3(request):
        return json_answer(None, error.status_code, error.headers)
    if error.status_code == 405:
        allow = ", ".join(sorted(error.headers["Allow"].split(", ")))
        return errors_v3.method_not_allowed(request, allow)
    return errors_v3.not_found()


async def _client_disconnected(_request: Request, _error: Any) -> Response:
    return Response(status_code=400)


def _is_v3(request: Request) -> bool:
    path: str = request.scope["path"]
    return path.startswith(V3)


def _is_routed(request: Request, path: str) -> bool:
    routes: list[BaseRoute] = request.app.router.routes
    scope = {**request.scope, "path": path}
    return not path.endswith("//") and any(route.matches(scope)[0] is not Match.NONE for route in routes)
