"""Durable notifications for Pulp: listeners, notifiers and the deliveries between them.

What a program that embeds the product needs can be imported from here. Each name is imported on first use, so that
importing the package, which every part of it does, costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .app import App
    from .event import Event
    from .records import ListenerChange, ListenerDraft, SourceChange, SourceDraft
    from .task import TaskReport

__version__ = "0.1.0"
__all__ = [
    "App",
    "Event",
    "ListenerChange",
    "ListenerDraft",
    "SourceChange",
    "SourceDraft",
    "TaskReport",
    "__version__",
]

_HOMES = {
    "App": "app",
    "Event": "event",
    "ListenerChange": "records",
    "ListenerDraft": "records",
    "SourceChange": "records",
    "SourceDraft": "records",
    "TaskReport": "task",
}

if not TYPE_CHECKING:  # a type checker reads the imports above and would otherwise accept any name

    def __getattr__(name: str) -> object:
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = globals()[name] = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
