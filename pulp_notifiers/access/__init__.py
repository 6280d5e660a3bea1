"""Who may do what: users, their passwords and grants.

::

    accounts   the rules: users, passwords, grants
    passwords  slow hashes
    verified   which passwords need not be hashed again
    resources  what grants are about
"""

from .accounts import Accounts
from .resources import resource_of

__all__ = ["Accounts", "resource_of"]
