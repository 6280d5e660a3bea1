"""What the servers of the tests run in."""

import os
import select
import signal
import subprocess
import sys
from pathlib import Path

from tests.harness.process import GuardedProcess, free_ports

ROOT = Path(__file__).parents[3]

PARENT = """
import os, pathlib, sys
from tests.harness.process import GuardedProcess
child = GuardedProcess(["sleep", "600"], pathlib.Path(sys.argv[1]), {"PATH": os.defpath})
print(child.process_id, flush=True)
sys.stdin.read()
"""


def test_no_process_outlives_the_tests(tmp_path):
    """Even when they are killed, which leaves no time to clean up."""
    command = [sys.executable, "-c", PARENT, str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        child = os.pidfd_open(int(parent.stdout.readline()))

        parent.send_signal(signal.SIGKILL)

        assert [child] == select.select([child], [], [], 10)[0]
    os.close(child)


def test_it_writes_its_output_to_a_file(tmp_path):
    """So that an error can show it."""
    process = GuardedProcess(["sh", "-c", "echo told; echo complained >&2"], tmp_path, {"PATH": os.defpath})

    assert process.exited(within_seconds=60)
    process.kill()

    assert "told\ncomplained\n" == Path(tmp_path, "output").read_text(encoding="utf-8")


def test_free_ports_are_no_ports_of_outgoing_connections():
    """So a server that restarts finds its own one free."""
    first_outgoing = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text(encoding="ascii").split()[0])

    ports = free_ports(3)

    assert 3 == len(set(ports))
    assert max(ports) < first_outgoing
