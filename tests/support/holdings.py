"""What this process has open and which threads it has, in words, so that a difference tells what it is.

To be asked in a process of its own: pytest's has what other tests left, too.
"""

import os
import socket
import threading
from pathlib import Path


def holdings() -> dict[str, list[str]]:
    """Return a line for each descriptor and each thread."""
    descriptors = [told for number in os.listdir("/proc/self/fd") if (told := _told(int(number))) is not None]
    return {"descriptors": sorted(descriptors), "threads": sorted(thread.name for thread in threading.enumerate())}


def _told(number: int) -> str | None:
    try:
        link = str(Path(f"/proc/self/fd/{number}").readlink())
    except FileNotFoundError:
        return None  # that of the folder, which was open while it was read
    return _peer(number) if link.startswith("socket:") else link


def _peer(number: int) -> str:
    # Not the socket's own number, which is another one after a reconnect.
    with socket.socket(fileno=os.dup(number)) as copy:
        try:
            return f"socket to {copy.getpeername()}"
        except OSError as error:
            return f"socket of {copy.getsockname()}: {error}"
