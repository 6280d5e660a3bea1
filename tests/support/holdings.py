"""The open descriptors and the threads of this process, as text, so that a difference shows what was added.

Call it in a process of its own: that of pytest has what other tests left open.
"""

import os
import socket
import threading
from pathlib import Path


def holdings() -> dict[str, list[str]]:
    """Return a line for each descriptor and each thread."""
    descriptors = [line for number in os.listdir("/proc/self/fd") if (line := _described(int(number))) is not None]
    return {"descriptors": sorted(descriptors), "threads": sorted(thread.name for thread in threading.enumerate())}


def _described(number: int) -> str | None:
    try:
        link = str(Path(f"/proc/self/fd/{number}").readlink())
    except FileNotFoundError:
        return None  # that of the folder itself, which was open while it was read
    return _peer(number) if link.startswith("socket:") else link


def _peer(number: int) -> str:
    # Not the socket's own number, which changes with every reconnect.
    with socket.socket(fileno=os.dup(number)) as copy:
        try:
            return f"socket to {copy.getpeername()}"
        except OSError as error:
            return f"socket of {copy.getsockname()}: {error}"
