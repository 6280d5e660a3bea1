"""An SMTP receiver in its own process: ``python -m benchmarks.durable.smtp`` prints its port."""

import subprocess
import sys
from types import TracebackType
from typing import Self

from pulp_notifiers.testing.smtp import SmtpReceiver


class MailServer:
    """A receiver that runs between ``with MailServer() as server:`` and the end of the block.

    :ivar port: on 127.0.0.1.
    """

    def __init__(self) -> None:
        # It ends when its input does, however this process ends.
        command = [sys.executable, "-m", __name__]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.communicate()


def main() -> None:
    """Receive until the input ends."""
    with SmtpReceiver() as receiver:
        print(receiver.port, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
