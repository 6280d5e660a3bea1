"""Users, their passwords, and what they are granted.

::

    accounts   the rules: users, passwords, grants
    passwords  slow hashes
    verified   passwords that were verified recently, so that they need not be hashed again
    resources  the paths that grants are for
"""

from .accounts import Accounts
from .resources import resource_of

__all__ = ["Accounts", "resource_of"]
