"""The processes in which the servers of the tests run."""

import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.harness.process import GuardedProcess, free_ports, output_of, run

ROOT = Path(__file__).parents[3]

PARENT = """
import os, pathlib, sys
from tests.harness.process import GuardedProcess
child = GuardedProcess(["sleep", "600"], pathlib.Path(sys.argv[1]), {"PATH": os.defpath})
print(child.process_id, flush=True)
sys.stdin.read()
"""


def test_no_process_outlives_a_killed_test_run(tmp_path):
    """A kill leaves no time to clean up."""
    command = [sys.executable, "-c", PARENT, str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        child = os.pidfd_open(int(parent.stdout.readline()))

        parent.send_signal(signal.SIGKILL)

        assert [child] == select.select([child], [], [], 10)[0]
    os.close(child)


def test_its_output_goes_to_a_file(tmp_path):
    """Errors can then show it."""
    process = GuardedProcess(["sh", "-c", "echo output; echo error >&2"], tmp_path, {"PATH": os.defpath})

    assert process.exited(within_seconds=60)
    process.kill()

    assert "output\nerror\n" == Path(tmp_path, "output").read_text(encoding="utf-8")


def test_a_command_that_fails_is_an_error_with_its_output(tmp_path):
    """A command that succeeds returns its standard output."""
    ended = [
        run(["sh", "-c", program], tmp_path, {"PATH": os.defpath}, 60, standard_input="input\n")
        for program in ("cat", "cat; echo error >&2; exit 3")
    ]

    assert "input\n" == output_of(ended[0], "cat")
    with pytest.raises(RuntimeError, match="^cat failed: input\nerror$"):
        output_of(ended[1], "cat")


def test_free_ports_are_not_used_for_outgoing_connections():
    """A server that restarts finds its own port free."""
    first_outgoing = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text(encoding="ascii").split()[0])

    ports = free_ports(3)

    assert 3 == len(set(ports))
    assert max(ports) < first_outgoing
