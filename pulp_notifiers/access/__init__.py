"""Users, their passwords, and what they are granted.

::

    accounts       the rules: users, passwords, grants
    passwords      slow hashes
    verified       passwords that were verified recently, so that they need not be hashed again
    failed_logins  wrong passwords, and who has to wait because of them
    login_queue    whose password is hashed next
    resources      the paths that grants are for
"""

from .accounts import Accounts
from .failed_logins import FailedLogins, FailureLimits, address_group
from .login_queue import Login, LoginQueue
from .resources import resource_of, with_parents

__all__ = [
    "Accounts",
    "FailedLogins",
    "FailureLimits",
    "Login",
    "LoginQueue",
    "address_group",
    "resource_of",
    "with_parents",
]
