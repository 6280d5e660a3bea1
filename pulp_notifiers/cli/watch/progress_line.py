"""One task as a line that is redrawn; imported only if there is a terminal to draw on."""

import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.live import Live
from rich.text import Text

from ..output import shown
from .output import as_shown
from .table import task_line
from .task import SeenTask

_FRAME_SECONDS = 0.1


class ProgressLine:
    """Shows a task within a ``with`` block, and leaves its last state on the terminal."""

    def __init__(self, task_id: str) -> None:
        self._task_id = task_id
        self._task: SeenTask | None = None
        self._began = time.monotonic()
        self._drawn = 0.0
        self._console = Console(highlight=False)
        self._live = Live(console=self._console, auto_refresh=False)

    def __enter__(self) -> Self:
        self._live.__enter__()
        self.show(None)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.update(self._line(), refresh=True)
        self._live.__exit__(kind, error, trace)

    def show(self, task: SeenTask | None) -> None:
        """Draw the new state, or the time that has passed."""
        self._task = self._task if task is None else as_shown(task)
        if time.monotonic() - self._drawn >= _FRAME_SECONDS:
            self._live.update(self._line(), refresh=True)
            self._drawn = time.monotonic()

    def notice(self, text: str) -> None:
        """Print it above the line."""
        self._console.print(Text(shown(text), "dim"))

    def _line(self) -> Text:
        seconds = int(time.monotonic() - self._began)
        if self._task is None:
            text = f"No message about task {self._task_id} yet, {seconds} s"
            return Text(text, "dim", no_wrap=True, overflow="ellipsis")
        width = 24 if self._console.width >= 100 else 12
        return task_line(self._task, width, self._console.options.ascii_only)
