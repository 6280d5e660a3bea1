"""Who may do what: users, their passwords and grants."""

from .accounts import Accounts, resource_of

__all__ = ["Accounts", "resource_of"]
