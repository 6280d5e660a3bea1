"""What notifiers send, and what they share in sending it; every plugin may use it.

::

    bodies            the body of an event, on one line or readable, and its time
    certificates      checks the certificate files that options name
    local_addresses   which hosts are the service's own machine
    proxies           the proxy for a URL, from the environment
    retry_after       how long a receiver asks to wait
    quiet             keeps a library from logging what a receiver sent
"""

from .bodies import event_time, json_body, readable_body
from .certificates import (
    UnusableFile,
    file_version,
    load_authorities,
    require_authorities,
    require_certificate,
    require_key,
)
from .local_addresses import local_address
from .proxies import bypasses_proxy, environment_proxy
from .quiet import quiet_library
from .retry_after import retry_after_seconds

__all__ = [
    "UnusableFile",
    "bypasses_proxy",
    "environment_proxy",
    "event_time",
    "file_version",
    "json_body",
    "load_authorities",
    "local_address",
    "quiet_library",
    "readable_body",
    "require_authorities",
    "require_certificate",
    "require_key",
    "retry_after_seconds",
]
