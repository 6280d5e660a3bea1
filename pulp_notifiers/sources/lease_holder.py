"""Names of lease holders: each names a process, so that others on its machine notice that it died."""

import os
import socket
from functools import cache
from hashlib import sha256
from pathlib import Path
from uuid import uuid4


def new_holder() -> str:
    """Return a new, unique name of this process: host, process number, machine and a random part."""
    return f"{socket.gethostname()}:{os.getpid()}:{_machine()}:{uuid4().hex[:8]}"


def has_died(holder: str) -> bool:
    """Return whether the process is known to have ended.

    False if it runs on another machine, where this cannot be checked.
    """
    host, _, rest = holder.partition(":")
    number, _, rest = rest.partition(":")
    machine, _, _ = rest.partition(":")
    # The host name too, because machines started from one image could be mistaken for each other otherwise.
    if not machine or (host, machine) != (socket.gethostname(), _machine()):
        return False
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


@cache
def _machine() -> str:
    """Return an id that only processes that see each other share; empty if it cannot be determined.

    It is derived from the id of this boot and the namespace of process numbers: each container has its own.
    """
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        namespace = Path("/proc/self/ns/pid").stat().st_ino
    except OSError:  # not Linux, or not readable: then no process is known to have died, and leases have to end
        return ""
    return sha256(f"{boot} {namespace}".encode()).hexdigest()[:12]
