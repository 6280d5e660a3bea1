"""Durable notifications for Pulp: listeners, notifiers and the deliveries between them.

``App``, ``Event`` and ``TaskReport`` are at hand here. Each is imported when it is first asked for, so that importing
the package, which every part of it does, costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .app import App
    from .event import Event
    from .task import TaskReport

__version__ = "0.1.0"
__all__ = ["App", "Event", "TaskReport", "__version__"]

_HOMES = {"App": "app", "Event": "event", "TaskReport": "task"}

if not TYPE_CHECKING:  # to a type checker, which reads the imports above, any name would seem to be there

    def __getattr__(name: str) -> object:
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = globals()[name] = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
