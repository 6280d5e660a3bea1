"""What the servers have in common: processes that do not outlive the tests, commands, and free ports."""

import os
import pwd
import random
import signal
import socket
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

_BELOW_EPHEMERAL = range(15000, 30000)
"""Linux never uses these ports for outgoing connections, so a restarted server finds its own port free."""

_LONGEST_OUTPUT = 4000  # characters of a failed command that an error shows


class GuardedProcess:
    """A process group that ends with this process, however this process ends.

    :param command: the program and its arguments.
    :param folder: its working directory, with its output in the file ``output``; removed if this process dies first.
    :param environment: all of its environment variables.
    :param account: the user that it runs as; None means the user of this process.
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
                **_identity(account),
            )
        self.process_id = self._process.pid
        # The system closes the pipe when this process dies, and the shell at its other end then kills and removes.
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

    def pause(self) -> None:
        """Freeze the process, unless it has ended; return when no thread of it runs any more."""
        self.signal(signal.SIGSTOP)
        # A thread on another processor may run for a moment longer and still answer.
        os.waitid(os.P_PID, self.process_id, os.WSTOPPED | os.WEXITED | os.WNOWAIT)

    def resume(self) -> None:
        """Let a paused process continue."""
        self.signal(signal.SIGCONT)

    def exited(self, within_seconds: float) -> bool:
        """Wait for the end of the process; return whether it has ended."""
        try:
            self._process.wait(within_seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def kill(self) -> None:
        """Kill the rest of the process group and release the guard."""
        if self._process.poll() is None:
            os.killpg(self.process_id, signal.SIGKILL)
            self._process.wait()
        self._guard.kill()
        self._guard.communicate()


def run(
    command: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    timeout_seconds: float,
    account: pwd.struct_passwd | None = None,
    standard_input: str = "",
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, without a terminal, and return its exit code and output as text.

    The other parameters are those of :class:`GuardedProcess`.
    """
    return subprocess.run(
        command,
        check=False,
        capture_output=True,
        text=True,
        input=standard_input,
        cwd=folder,
        env=environment,
        timeout=timeout_seconds,
        start_new_session=True,
        **_identity(account),
    )


def output_of(ended: subprocess.CompletedProcess[str], name: str) -> str:
    """Return the standard output of a command.

    :param name: what to call the command in the error.
    :raises RuntimeError: the command failed; the text has the end of its output.
    """
    if ended.returncode:
        raise RuntimeError(f"{name} failed: {(ended.stdout + ended.stderr).strip()[-_LONGEST_OUTPUT:]}")
    return ended.stdout


def free_ports(count: int) -> list[int]:
    """Return loopback ports that are free and that no outgoing connection will use."""
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
    """Return the ids of a process's children that are still running."""
    listed = Path(f"/proc/{process_id}/task/{process_id}/children")
    return [int(child) for child in listed.read_text(encoding="ascii").split()] if listed.exists() else []


def unprivileged_account() -> pwd.struct_passwd | None:
    """Return the user as which a server runs that refuses to run as root; None if this process is not root."""
    if os.geteuid() != 0:
        return None
    accounts = {account.pw_name: account for account in pwd.getpwall()}
    return accounts.get("postgres") or accounts["nobody"]


def _identity(account: pwd.struct_passwd | None) -> dict[str, Any]:
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []} if account else {}
