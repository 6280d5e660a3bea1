"""Conditions and templates, written in Jinja's language and bounded by construction.

Jinja's parser reads them; everything else is done here: each node of a closed list becomes a function that announces
its cost before it works. There are no calls and no attributes, and nothing is evaluated before there are facts.
"""

from ..errors import ExpressionFailed, InvalidExpression
from .condition import Condition, compile_condition
from .facts import condition_facts, event_facts, listener_facts, template_facts
from .filters import FILTERS as _FILTERS
from .named_tests import TESTS as _TESTS
from .nearest import without_known_names
from .paths import Path, place_of
from .text import CompiledText, TextForm, compile_text

FILTERS = {name: filter_.description for name, filter_ in _FILTERS.items()}
"""Every filter, with what it does in one sentence."""

TESTS = {name: test.description for name, test in _TESTS.items()}
"""Every test, with what it does in one sentence."""

__all__ = [
    "FILTERS",
    "TESTS",
    "CompiledText",
    "Condition",
    "ExpressionFailed",
    "InvalidExpression",
    "Path",
    "TextForm",
    "compile_condition",
    "compile_text",
    "condition_facts",
    "event_facts",
    "listener_facts",
    "place_of",
    "template_facts",
    "without_known_names",
]
