"""Who sent a request, and whether they may do what it asks (CONTRACT 1.7)."""

import asyncio

from fastapi.openapi.models import HTTPBase
from fastapi.security.base import SecurityBase
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from ...access import Accounts, resource_of
from ...records import Operation, User
from ..http.proxies import TrustedProxies
from ..http.refusals import Credentials, NotAuthenticated, NotPermitted
from . import credentials
from .oauth import USER_HEADER, OAuth, is_oauth

_HASHES_AT_ONCE = 2


class Gate:
    """Authenticates requests, by the first way that a request offers, and checks permissions.

    The ways, in Pulp 2's order: the web server's word, HTTP Basic, a client certificate, an OAuth signature.

    :param remote_user_header: set by a trusted proxy to the user that it authenticated; empty: none.
    :param client_subject_header: set by a trusted proxy to the subject of the client certificate; empty: none.
    """

    def __init__(
        self,
        accounts: Accounts,
        proxies: TrustedProxies,
        oauth: OAuth,
        remote_user_header: str = "",
        client_subject_header: str = "",
    ) -> None:
        self._accounts = accounts
        self._proxies = proxies
        self._oauth = oauth
        self._remote_user_header = remote_user_header
        self._client_subject_header = client_subject_header
        # Requests that must hash wait here and not in the thread pool, where they would keep out all others.
        self._hashing = asyncio.Semaphore(_HASHES_AT_ONCE)

    def needs(self, operation: Operation) -> "Permission":
        """Return what a route depends on so that only those who may do that reach it."""
        return Permission(self, operation)

    async def admit(self, request: Request, operation: Operation) -> None:
        """Return if the request is from somebody who may do that to its path.

        :raises NotAuthenticated: there are no usable credentials.
        :raises NotPermitted: they are somebody's who may not.
        """
        user = await self._identified(request, operation)
        if user.super_user:
            return
        resource = resource_of(request.scope["path"])
        if not await run_in_threadpool(self._accounts.permitted, user, resource, operation):
            raise NotPermitted(user.login, operation)

    async def _identified(self, request: Request, operation: Operation) -> User:
        login = self._proxies.header(request, self._remote_user_header)
        if login is not None:
            return await self._existing(login, Credentials.REMOTE_USER)
        basic = credentials.basic(request.headers.get("authorization"))
        if basic is not None:
            return await self._with_password(*basic)
        subject = self._proxies.header(request, self._client_subject_header)
        certificate = credentials.certificate(subject) if subject is not None else None
        if certificate is None:
            return await self._signed(request, subject)
        if certificate.login is None:
            # A consumer owns nothing here.
            raise NotPermitted(certificate.name, operation)
        user = await run_in_threadpool(self._accounts.user, certificate.login)
        return user or await self._signed(request, certificate.login)

    async def _with_password(self, login: str, password: str) -> User:
        user = await run_in_threadpool(self._accounts.recognise, login, password)
        if user is None:
            async with self._hashing:
                user = await run_in_threadpool(self._accounts.authenticate, login, password)
        if user is None:
            raise NotAuthenticated(Credentials.PASSWORD, login)
        return user

    async def _signed(self, request: Request, certified: str | None) -> User:
        login = request.headers.get(USER_HEADER)
        if self._oauth.enabled and login is not None and is_oauth(request):
            if not self._oauth.signed(request):
                raise NotAuthenticated(Credentials.OAUTH, login)
            return await self._existing(login, Credentials.OAUTH)
        if self._oauth.enabled and certified is not None:
            raise NotAuthenticated(Credentials.CERTIFICATE, certified)
        raise NotAuthenticated(Credentials.ABSENT)

    async def _existing(self, login: str, way: Credentials) -> User:
        user = await run_in_threadpool(self._accounts.user, login)
        if user is None:
            raise NotAuthenticated(way, login)
        return user


class Permission(SecurityBase):
    """A dependency of routes: whoever sent the request may do ``operation`` to its path."""

    def __init__(self, gate: Gate, operation: Operation) -> None:
        self.model = HTTPBase(scheme="basic", description="Login and password of a user; see `pulp-notifiers user`.")
        self.scheme_name = "basic"
        self._gate = gate
        self._operation = operation

    async def __call__(self, request: Request) -> None:
        """Let the request pass, or raise why not."""
        await self._gate.admit(request, self._operation)
