"""What servers in processes of their own have in common: free ports, and that none outlives the tests."""

import os
import pwd
import random
import signal
import socket
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

_BELOW_EPHEMERAL = range(15000, 30000)
"""Linux never gives these ports to outgoing connections, so a restarted server finds its own one free."""


class GuardedProcess:
    """A process group that ends with this process, however this process ends.

    :param command: the program and its arguments.
    :param folder: where it runs and writes the file ``output``; removed when this process dies before it.
    :param environment: its environment variables, all of them.
    :param account: whom it runs as; None for the user of this process.
    """

    def __init__(
        self,
        command: Sequence[str],
        folder: Path,
        environment: Mapping[str, str],
        account: pwd.struct_passwd | None = None,
    ) -> None:
        with (folder / "output").open("ab") as output:
            self._process = subprocess.Popen(
                command,
                env=environment,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                user=account.pw_uid if account else None,
                group=account.pw_gid if account else None,
                extra_groups=[] if account else None,
            )
        self.process_id = self._process.pid
        # The system closes the pipe for whoever dies, and the shell that waits at its other end then does the rest.
        self._guard = subprocess.Popen(
            ["/bin/sh", "-c", 'read -r _; kill -KILL "-$1"; rm -rf "$2"', "guard", str(self.process_id), str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the process, unless it has ended."""
        self._process.send_signal(number)

    def exited(self, within_seconds: float) -> bool:
        """Wait for the end of the process; tell whether it came."""
        try:
            self._process.wait(within_seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def kill(self) -> None:
        """Kill what is left of the group and release the guard."""
        if self._process.poll() is None:
            os.killpg(self.process_id, signal.SIGKILL)
            self._process.wait()
        self._guard.kill()
        self._guard.communicate()


def free_ports(count: int) -> list[int]:
    """Return loopback ports that nobody uses, and that no outgoing connection will."""
    found: list[int] = []
    for port in random.sample(_BELOW_EPHEMERAL, len(_BELOW_EPHEMERAL)):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        found.append(port)
        if len(found) == count:
            return found
    raise RuntimeError("no free loopback port")


def children(process_id: int) -> list[int]:
    """Return the processes that a process started and that it has not outlived."""
    listed = Path(f"/proc/{process_id}/task/{process_id}/children")
    return [int(child) for child in listed.read_text(encoding="ascii").split()] if listed.exists() else []
