"""Installed plugins: finding, loading and calling them (owner of stevedore)."""

from .calls import frames, guarded, named_words, one_line, require_parameters, words
from .handle_event import LegacyEvent
from .notifiers import LoadedNotifier
from .registry import InstalledPlugin, Registry, SourceRegistry
from .sources import LoadedSource

__all__ = [
    "InstalledPlugin",
    "LegacyEvent",
    "LoadedNotifier",
    "LoadedSource",
    "Registry",
    "SourceRegistry",
    "frames",
    "guarded",
    "named_words",
    "one_line",
    "require_parameters",
    "words",
]
