"""Loads plugins in a child process, so that one that crashes or hangs does no harm."""

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace

from .calls import one_line
from .registry import InstalledPlugin, NotifierRegistry

LIMIT_SECONDS = 15.0
"""How long one plugin may take to load, and the child to start."""

# The child looks for modules where this process does.
_CHILD = """\
import json, sys
_, sys.path[:], _ = json.loads(sys.argv[1])
from pulp_notifiers.plugin_host import load_check
load_check._load_all()
"""
_POLL_SECONDS = 0.1


def load_checked(notifiers: Sequence[InstalledPlugin], limit_seconds: float = LIMIT_SECONDS) -> list[InstalledPlugin]:
    """Return installed notifiers with the problem of each that cannot be loaded."""
    left = [one.type for one in notifiers if one.problem is None]
    problems: dict[str, str | None] = {}
    while left:
        for name, problem in _loaded_in_child(left, limit_seconds):
            problems[name] = problem
        left = [name for name in left if name not in problems]
    return [replace(one, problem=one.problem or problems.get(one.type)) for one in notifiers]


def _loaded_in_child(names: Sequence[str], limit_seconds: float) -> Iterator[tuple[str, str | None]]:
    """Yield names with their problems, up to the first one that ends the child or hangs; at least one."""
    reading, writing = os.pipe()
    # What a plugin prints would be taken for output of the command.
    child = subprocess.Popen(
        [sys.executable, "-c", _CHILD, json.dumps([writing, sys.path, list(names)])],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        pass_fds=[writing],
        start_new_session=True,
    )
    os.close(writing)
    answered = 0
    try:
        for line in _lines(reading, child, limit_seconds):
            yield names[answered], json.loads(line)
            answered += 1
        if answered < len(names):
            yield names[answered], _why_no_answer(child, limit_seconds)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)  # and whatever the plugin has started
        child.wait()
        os.close(reading)


def _lines(reading: int, child: "subprocess.Popen[bytes]", limit_seconds: float) -> Iterator[bytes]:
    """Yield what the child writes, line by line, until it has ended or has been silent for too long."""
    rest, deadline = b"", time.monotonic() + limit_seconds
    while time.monotonic() < deadline:
        has_ended = child.poll() is not None
        if not select.select([reading], [], [], 0 if has_ended else _POLL_SECONDS)[0]:
            if has_ended:
                return
            continue
        read = os.read(reading, 65536)
        if not read:
            with suppress(subprocess.TimeoutExpired):
                child.wait(limit_seconds)
            return
        *lines, rest = (rest + read).split(b"\n")
        deadline = time.monotonic() + limit_seconds
        yield from lines


def _why_no_answer(child: "subprocess.Popen[bytes]", limit_seconds: float) -> str:
    code = child.poll()
    if code is None:
        return f"It did not load within {limit_seconds:g} seconds."
    how = f"signal {-code}" if code < 0 else f"exit code {code}"
    return f"It ends the process that loads it ({how})."


def _load_all() -> None:
    """Load notifiers and write the problem of each; what runs in the child."""
    writing, _, names = json.loads(sys.argv[1])
    registry = NotifierRegistry()
    for name in names:
        try:
            registry.get(name)
        except BaseException as failure:  # noqa: BLE001  a plugin may raise anything
            problem: str | None = one_line(str(getattr(failure, "reason", failure)))
        else:
            problem = None
        os.write(writing, json.dumps(problem).encode() + b"\n")
    os._exit(0)
