"""One measurement in its own process, which nothing before it has filled or warmed."""

import importlib
import json
import logging
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

from .processes import peak_megabytes
from .rounds import Figures


def in_child(measure: Callable[..., Figures], *arguments: Any) -> Figures:
    """Call a module's function in a fresh process; return its figures and ``memory``, its peak in MB.

    :param arguments: values that have a JSON form.
    :raises RuntimeError: it failed; its standard error says why.
    """
    return end(begin(measure, *arguments))


def begin(measure: Callable[..., Figures], *arguments: Any) -> subprocess.Popen[str]:
    """Start a fresh process for a function; :func:`end` has to follow."""
    command = [sys.executable, "-m", __name__, measure.__module__, measure.__name__, json.dumps(arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def end(process: subprocess.Popen[str]) -> Figures:
    """Wait for the end of a process and return its figures.

    :raises RuntimeError: it failed; its standard error says why.
    """
    output, _ = process.communicate()
    if process.returncode:
        raise RuntimeError(f"{process.args!r} ended with status {process.returncode}")
    figures: Figures = json.loads(output.splitlines()[-1])
    return figures


def main() -> None:
    """Print the figures as JSON."""
    logging.getLogger().addHandler(logging.NullHandler())
    module, name, arguments = sys.argv[1:]
    figures: Figures = getattr(importlib.import_module(module), name)(*json.loads(arguments))
    print(json.dumps({"memory": peak_megabytes(os.getpid()), **figures}))


if __name__ == "__main__":
    main()
