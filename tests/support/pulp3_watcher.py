"""A process that runs one source until it is told to end: pulp3_watcher.py FILE CONFIG.

FILE is that of its :class:`FileIntake`, CONFIG the source's options as JSON.
"""

import json
import logging
import signal
import sys
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from pulp_notifiers.errors import PermanentFailure, TemporaryFailure
from pulp_notifiers.source import Source

from .pulp3_intake import FileIntake

_AGAIN_SECONDS = 1.0
_log = logging.getLogger(__name__)


def main() -> None:
    """Run the source, also again after a failure that passes."""
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s", level=logging.INFO)
    path, options = sys.argv[1:]
    [entry_point] = entry_points(group="pulp_notifiers.sources", name="pulp3")
    source: Source[Any] = entry_point.load()()
    intake = FileIntake(Path(path), "storm")
    signal.signal(signal.SIGTERM, lambda *_: intake.stopping.set())
    config = source.Config(**json.loads(options))
    while not intake.stopping.is_set():
        try:
            source.run(config, intake)
        except (TemporaryFailure, PermanentFailure) as failure:
            _log.warning("The source ended: %s", failure)
            intake.stopping.wait(_AGAIN_SECONDS)
    source.close()


if __name__ == "__main__":
    main()
