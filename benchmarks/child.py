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

_LONGEST_SECONDS = 3600


def in_child(measure: Callable[..., Figures], *arguments: Any) -> Figures:
    """Call a module's function in a fresh process; return its figures and ``memory``, the peak in MB.

    :param arguments: values that have a JSON form.
    :raises RuntimeError: it failed; the text has the end of its output.
    """
    command = [sys.executable, "-m", __name__, measure.__module__, measure.__name__, json.dumps(arguments)]
    ended = subprocess.run(command, check=False, capture_output=True, text=True, timeout=_LONGEST_SECONDS)
    if ended.returncode:
        raise RuntimeError(f"{measure.__module__}.{measure.__name__} failed:\n{ended.stderr[-4000:]}")
    figures: Figures = json.loads(ended.stdout.splitlines()[-1])
    return figures


def main() -> None:
    """Print the figures as JSON."""
    logging.getLogger().addHandler(logging.NullHandler())
    module, name, arguments = sys.argv[1:]
    figures: Figures = getattr(importlib.import_module(module), name)(*json.loads(arguments))
    print(json.dumps({"memory": peak_megabytes(os.getpid()), **figures}))


if __name__ == "__main__":
    main()
