"""Installed plugins: finding, loading and calling them (owner of stevedore).

::

    registry      which plugins are installed, and the loaded ones of this process
    load_check    loads plugins in a child process
    loaded        what loaded notifiers and source types have in common
    notifiers     a notifier as the engine calls it
    source_types  a source type as the engine calls it
    handle_event  the adapter for plugins in Pulp 2's form
    calls         calls of plugins, which may fail in any way, and exceptions as text
    registrar     what the rules for listeners and for sources have in common
"""

from .calls import described_error, error_text, not_installed, one_line, stack_of
from .handle_event import LegacyEvent
from .load_check import load_checked
from .notifiers import LoadedNotifier
from .registrar import Registrar, all_problems, secret_options
from .registry import InstalledPlugin, NotifierRegistry, SourceTypeRegistry
from .source_types import LoadedSourceType

__all__ = [
    "InstalledPlugin",
    "LegacyEvent",
    "LoadedNotifier",
    "LoadedSourceType",
    "NotifierRegistry",
    "Registrar",
    "SourceTypeRegistry",
    "all_problems",
    "described_error",
    "error_text",
    "load_checked",
    "not_installed",
    "one_line",
    "secret_options",
    "stack_of",
]
