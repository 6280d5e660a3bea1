"""What notifiers send, and what they share in sending it; every plugin may use it.

::

    bodies         the body of an event, on one line or readable, and its time
    certificates   checks the certificate files that options name
    retry_after    how long a receiver asks to wait
    quiet          keeps a library from logging what a receiver sent
"""

from .bodies import event_time, json_body, readable_body
from .certificates import UnusableFile, file_version, require_authorities, require_certificate, require_key
from .quiet import quiet_library
from .retry_after import retry_after_seconds

__all__ = [
    "UnusableFile",
    "event_time",
    "file_version",
    "json_body",
    "quiet_library",
    "readable_body",
    "require_authorities",
    "require_certificate",
    "require_key",
    "retry_after_seconds",
]
