"""Conditions and templates, written in Jinja's language and bounded by construction.

Jinja's parser reads them; everything else is done here: each node of a closed list becomes a function that announces
its cost before it works. There are no calls and no attributes, and nothing is evaluated before there are facts.
"""

from ..errors import ExpressionFailed, InvalidExpression
from .condition import Condition, compile_condition
from .facts import (
    CONDITION_NAMES,
    TEMPLATE_NAMES,
    condition_facts,
    event_facts,
    listener_facts,
    template_facts,
)
from .filters import FILTERS as _FILTERS
from .limits import POLICY_VERSION
from .named_tests import TESTS as _TESTS
from .paths import Path, place_of
from .text import CompiledText, TextForm, as_line, compile_text

FILTERS = {name: filter_.description for name, filter_ in _FILTERS.items()}
"""Every filter, with what it does in one sentence."""

TESTS = {name: test.description for name, test in _TESTS.items()}
"""Every test, with what it does in one sentence."""

__all__ = [
    "CONDITION_NAMES",
    "FILTERS",
    "POLICY_VERSION",
    "TEMPLATE_NAMES",
    "TESTS",
    "CompiledText",
    "Condition",
    "ExpressionFailed",
    "InvalidExpression",
    "Path",
    "TextForm",
    "as_line",
    "compile_condition",
    "compile_text",
    "condition_facts",
    "event_facts",
    "listener_facts",
    "place_of",
    "template_facts",
]
