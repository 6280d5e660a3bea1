"""Commands at a terminal of their own."""

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
from collections.abc import Mapping, Sequence

COMMAND = (sys.executable, "-m", "pulp_notifiers")
_TIMEOUT_SECONDS = 180


def at_terminal(
    environ: Mapping[str, str],
    *arguments: str,
    columns: int = 100,
    typed: Sequence[bytes] = (),
    program: Sequence[str] = COMMAND,
) -> tuple[int, bytes]:
    """Return the exit code of a command at a terminal, and what it printed there.

    :param columns: width of the terminal; a variable ``COLUMNS`` comes first.
    :param typed: the answers to its questions, which end with a colon and a space.
    """
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    # As the controlling terminal, at which passwords are asked for.
    process = subprocess.Popen(
        ["setsid", "--ctty", "--wait", *program, *arguments], env=environ, stdin=slave, stdout=slave, stderr=slave
    )
    os.close(slave)
    shown, answers = b"", list(typed)
    try:
        while select.select([master], [], [], _TIMEOUT_SECONDS)[0]:
            shown += os.read(master, 65536)
            if answers and shown.endswith(b": "):
                os.write(master, answers.pop(0) + b"\n")
        raise AssertionError(f"The command neither asked nor ended after {shown!r}.")
    except OSError:  # the other end is closed
        return process.wait(_TIMEOUT_SECONDS), shown
    finally:
        process.kill()
        process.wait()
        os.close(master)
