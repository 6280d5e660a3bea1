"""Sources: the rules for adding them, which process runs each, and what they hand over."""

from .intake import Engine, plain_facts
from .rules import Sources
from .run import RunOptions
from .runner import SourceRunner

__all__ = ["Engine", "RunOptions", "SourceRunner", "Sources", "plain_facts"]
