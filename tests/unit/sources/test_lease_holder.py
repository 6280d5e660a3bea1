"""Names of lease holders, and whether the process of a name is known to have died."""

import os
import signal
import socket
import subprocess
import sys

import pytest

from pulp_notifiers.sources.lease_holder import has_died, new_holder

PROGRAM = "from pulp_notifiers.sources.lease_holder import new_holder; print(new_holder(), flush=True); input()"


@pytest.fixture
def another():
    """Return another process and its name."""
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", PROGRAM], stdin=pipe, stdout=pipe, text=True) as process:
        yield process, process.stdout.readline().strip()
        process.kill()


def renamed(number: object = None, host: str | None = None, machine: str | None = None) -> str:
    """Return a holder's name that differs from this process's."""
    parts = new_holder().split(":")
    for place, part in enumerate((host, number, machine)):
        parts[place] = parts[place] if part is None else str(part)
    return ":".join(parts)


def test_every_name_is_new():
    """So a second runner in one process cannot write under the lease of the first one."""
    names = {new_holder() for _ in range(100)}

    assert 100 == len(names)
    assert {(socket.gethostname(), str(os.getpid()))} == {tuple(name.split(":")[:2]) for name in names}


def test_a_killed_process_is_known_to_have_died(another):
    """As soon as it has ended."""
    process, name = another

    before = has_died(name)
    process.send_signal(signal.SIGKILL)
    process.wait()

    assert (False, True) == (before, has_died(name))


@pytest.mark.parametrize("number", [None, 1], ids=["own", "first"])
def test_a_running_process_has_not_died(number):
    """Not even if it belongs to another user."""
    assert not has_died(renamed(number))


@pytest.mark.parametrize(
    "other",
    [{"host": "elsewhere.example.com"}, {"machine": "0123456789ab"}, {"machine": ""}],
    ids=["host", "machine", "unknown"],
)
def test_a_process_on_another_machine_is_never_known_to_have_died(another, other):
    """Its process number may be unused here."""
    process, name = another
    process.kill()
    process.wait()

    assert has_died(name)
    assert not has_died(renamed(process.pid, **other))


@pytest.mark.parametrize("name", ["", "host", "host:12", "host:12:0a1b2c3d"])
def test_the_process_of_an_unknown_kind_of_name_is_not_known_to_have_died(name):
    """An earlier release used such names."""
    assert not has_died(name)
