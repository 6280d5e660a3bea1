"""Permissions for what an answer shows of other resources than that of the request's path."""

from starlette.requests import Request

from ...access import Accounts, resource_of
from ...records import Operation
from ..http.errors import NotPermitted


class FurtherPermissions:
    """What the user of a request may read beside the path of the request."""

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts

    def may_read(self, request: Request, path: str) -> bool:
        """Return whether the user may read what is at a path."""
        user = request.state.user
        return user.super_user or self._accounts.permitted(user, resource_of(path), Operation.READ)

    def require_read(self, request: Request, path: str) -> None:
        """Check that the user may read what is at a path.

        :raises NotPermitted: the user may not.
        """
        if not self.may_read(request, path):
            raise NotPermitted(request.state.user.login, Operation.READ, resource_of(path))
