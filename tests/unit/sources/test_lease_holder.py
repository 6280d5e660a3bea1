"""Who holds a lease, and when that is known to have died."""

import os
import signal
import socket
import subprocess
import sys

import pytest

from pulp_notifiers.sources.lease_holder import has_died, new_holder

TELL = "from pulp_notifiers.sources.lease_holder import new_holder; print(new_holder(), flush=True); input()"


@pytest.fixture
def another():
    """Return another process and its name."""
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", TELL], stdin=pipe, stdout=pipe, text=True) as process:
        yield process, process.stdout.readline().strip()
        process.kill()


def renamed(number: object = None, host: str | None = None, machine: str | None = None) -> str:
    """Return a holder's name that differs from this process's."""
    parts = new_holder().split(":")
    for place, part in enumerate((host, number, machine)):
        parts[place] = parts[place] if part is None else str(part)
    return ":".join(parts)


def test_each_name_is_new():
    """A process that holds twice is two holders, so that the second does not write with the first one's lease."""
    names = {new_holder() for _ in range(100)}

    assert 100 == len(names)
    assert {(socket.gethostname(), str(os.getpid()))} == {tuple(name.split(":")[:2]) for name in names}


def test_a_process_that_was_killed_has_died(another):
    """As soon as it is gone."""
    process, name = another

    before = has_died(name)
    process.send_signal(signal.SIGKILL)
    process.wait()

    assert (False, True) == (before, has_died(name))


@pytest.mark.parametrize("number", [None, 1], ids=["own", "first"])
def test_a_process_that_is_there_has_not_died(number):
    """Also where it belongs to somebody else."""
    assert not has_died(renamed(number))


@pytest.mark.parametrize(
    "other",
    [{"host": "elsewhere.example.com"}, {"machine": "0123456789ab"}, {"machine": ""}],
    ids=["host", "machine", "unknown"],
)
def test_of_a_process_elsewhere_nothing_is_known(another, other):
    """Its number may well be nobody's here."""
    process, name = another
    process.kill()
    process.wait()

    assert has_died(name)
    assert not has_died(renamed(process.pid, **other))


@pytest.mark.parametrize("name", ["", "host", "host:12", "host:12:0a1b2c3d"])
def test_of_other_names_nothing_is_known(name):
    """Such as those that an earlier release gave."""
    assert not has_died(name)
