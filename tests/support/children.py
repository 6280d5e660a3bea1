"""Programs that tests run in their own process, where nothing else changes what they measure."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent.parent
PATIENCE_SECONDS = 300.0
"""How long a program may take: long, because the machine may be busy."""


def printed_by(program: str, *arguments: str) -> str:
    """Return what a program printed; it must succeed and write nothing to standard error."""
    ended = subprocess.run(
        command(program, *arguments),
        check=False,
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=PATIENCE_SECONDS,
    )
    assert (0, "") == (ended.returncode, ended.stderr)
    return ended.stdout


def json_printed_by(program: str, *arguments: str) -> Any:
    """Return the JSON value that a program printed."""
    return json.loads(printed_by(program, *arguments))


def command(program: str, *arguments: str) -> list[str]:
    """Return the command that runs a program with every warning as an error."""
    return [sys.executable, "-X", "faulthandler", "-W", "error", "-c", program, *arguments]


class Child:
    """A program that answers each line with a line, both JSON."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._asked, self._answers = process.stdin, process.stdout

    def ask(self, *question: Any) -> Any:
        """Return the program's answer."""
        self._asked.write(json.dumps(question) + "\n")
        self._asked.flush()
        answer = self._answers.readline()
        assert answer, "the program has ended"
        return json.loads(answer)


@contextmanager
def child(program: str, *arguments: str) -> Iterator[Child]:
    """Run a program that must succeed when its standard input ends."""
    with subprocess.Popen(
        command(program, *arguments), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as process:
        try:
            yield Child(process)
            process.communicate(timeout=PATIENCE_SECONDS)
        except BaseException:
            process.kill()
            raise
    assert 0 == process.returncode
