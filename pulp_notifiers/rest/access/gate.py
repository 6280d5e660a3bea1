"""Authenticates requests and checks permissions (CONTRACT 1.7)."""

from fastapi.openapi.models import HTTPBase
from fastapi.security.base import SecurityBase
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from ...access import Accounts, FailureLimits, resource_of
from ...records import Operation, User
from ..http.errors import CredentialProblem, NotAuthenticated, NotPermitted
from ..http.proxies import TrustedProxies
from . import credentials
from .logins import Logins
from .oauth import USER_HEADER, OAuth, is_oauth


class Gate:
    """Authenticates requests by the first kind of credentials that they have, and checks permissions.

    The order is Pulp 2's: the user that a web server has authenticated, HTTP Basic, a client certificate, an OAuth
    signature.

    :param limits: how many wrong passwords are free.
    :param remote_user_header: set by a trusted proxy to the user that it authenticated; empty: none.
    :param client_subject_header: set by a trusted proxy to the subject of the client certificate; empty: none.
    """

    def __init__(
        self,
        accounts: Accounts,
        proxies: TrustedProxies,
        oauth: OAuth,
        limits: FailureLimits,
        remote_user_header: str = "",
        client_subject_header: str = "",
    ) -> None:
        self._accounts = accounts
        self._logins = Logins(accounts, limits)
        self._proxies = proxies
        self._oauth = oauth
        self._remote_user_header = remote_user_header
        self._client_subject_header = client_subject_header

    def require(self, operation: Operation) -> "RequiredPermission":
        """Return a route dependency that admits only users who may do the operation."""
        return RequiredPermission(self, operation)

    async def check(self, request: Request, operation: Operation) -> None:
        """Check that the user of a request may do the operation to its path.

        :raises NotAuthenticated: there are no usable credentials.
        :raises TooManyLogins: the password was not looked at, because of wrong ones before it.
        :raises NotPermitted: the user lacks the permission.
        """
        user = request.state.user = await self._authenticate(request, operation)
        if user.super_user:
            return
        resource = resource_of(request.scope["path"])
        if not await run_in_threadpool(self._accounts.permitted, user, resource, operation):
            raise NotPermitted(user.login, operation, resource)

    async def _authenticate(self, request: Request, operation: Operation) -> User:
        login = self._proxies.header(request, self._remote_user_header)
        if login is not None:
            return await self._existing(login, CredentialProblem.REMOTE_USER)
        basic = credentials.basic(request.headers.get("authorization"))
        if basic is not None:
            return await self._logins.user(self._proxies.client_address(request), *basic)
        subject = self._proxies.header(request, self._client_subject_header)
        certificate = credentials.certificate(subject) if subject is not None else None
        if certificate is None:
            return await self._signed(request, subject)
        if certificate.login is None:
            # The certificate of a consumer, which has no permissions here.
            raise NotPermitted(certificate.name, operation)
        user = await run_in_threadpool(self._accounts.user, certificate.login)
        return user or await self._signed(request, certificate.login)

    async def _signed(self, request: Request, certified: str | None) -> User:
        login = request.headers.get(USER_HEADER)
        if self._oauth.enabled and login is not None and is_oauth(request):
            if not self._oauth.verify(request):
                raise NotAuthenticated(CredentialProblem.OAUTH, login)
            return await self._existing(login, CredentialProblem.OAUTH)
        if self._oauth.enabled and certified is not None:
            raise NotAuthenticated(CredentialProblem.CERTIFICATE, certified)
        raise NotAuthenticated(CredentialProblem.ABSENT)

    async def _existing(self, login: str, problem: CredentialProblem) -> User:
        user = await run_in_threadpool(self._accounts.user, login)
        if user is None:
            raise NotAuthenticated(problem, login)
        return user


class RequiredPermission(SecurityBase):
    """A route dependency: the user of the request may do ``operation`` to its path."""

    def __init__(self, gate: Gate, operation: Operation) -> None:
        self.model = HTTPBase(scheme="basic", description="Login and password of a user; see `pulp-notifiers user`.")
        self.scheme_name = "basic"
        self._gate = gate
        self._operation = operation

    async def __call__(self, request: Request) -> None:
        """Raise unless the request is permitted."""
        await self._gate.check(request, self._operation)
