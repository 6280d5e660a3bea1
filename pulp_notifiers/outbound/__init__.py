"""What notifiers send, and what they share in sending it; every plugin may use it.

::

    bodies         the body of an event, on one line or readable
    retry_after    how long a receiver asks to wait
    quiet          keeps a library from logging what a receiver sent
"""

from .bodies import json_body, readable_body
from .quiet import quiet_library
from .retry_after import retry_after_seconds

__all__ = ["json_body", "quiet_library", "readable_body", "retry_after_seconds"]
