"""Who holds a lease: a process, named so that others of its machine can tell when it has died."""

import os
import socket
from functools import cache
from hashlib import sha256
from pathlib import Path
from uuid import uuid4


def new_holder() -> str:
    """Return a name of this process that nobody had before: host, process number, machine and a random part."""
    return f"{socket.gethostname()}:{os.getpid()}:{_machine()}:{uuid4().hex[:8]}"


def has_died(holder: str) -> bool:
    """Tell whether the process of that name is known to have ended; of one on another machine nobody knows."""
    host, _, rest = holder.partition(":")
    number, _, rest = rest.partition(":")
    machine, _, _ = rest.partition(":")
    # The host's name too, because machines that were started from one image may be taken for each other otherwise.
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
    """Return what processes that see each other have in common, and others have not; nothing where that is unknown.

    It is made of the identity of this boot and of the namespace of process numbers: containers have one each.
    """
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        namespace = Path("/proc/self/ns/pid").stat().st_ino
    except OSError:  # no Linux, or hidden from us: then all are strangers, and leases have to end
        return ""
    return sha256(f"{boot} {namespace}".encode()).hexdigest()[:12]
