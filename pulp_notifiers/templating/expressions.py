"""Turns the nodes of an expression into functions.

The list of node types is closed: what is not in it is refused. There are no calls, so no methods; a dot and a subscript
read keys of JSON objects and entries of lists, never attributes of Python objects. Nothing is evaluated here.
"""

from collections.abc import Callable, Mapping

from jinja2 import nodes

from .compiler import Compiler
from .literals import const, list_of, object_of
from .logic import CALCULATIONS, all_of, any_of, calculation, choice, comparison, joined, negative, opposite
from .names import chain, name
from .operations import filtered, tested
from .run import Evaluate
from .source import Source

_METHODS: Mapping[type[nodes.Node], Callable[..., Evaluate]] = {
    nodes.Const: const,
    nodes.List: list_of,
    nodes.Dict: object_of,
    nodes.Name: name,
    nodes.Getattr: chain,
    nodes.Getitem: chain,
    nodes.And: all_of,
    nodes.Or: any_of,
    nodes.Not: opposite,
    nodes.Neg: negative,
    nodes.Concat: joined,
    nodes.CondExpr: choice,
    nodes.Compare: comparison,
    nodes.Filter: filtered,
    nodes.Test: tested,
    **dict.fromkeys(CALCULATIONS, calculation),
}


def compiler_of(source: Source, max_nodes: int) -> Compiler:
    """Return a compiler for the expressions of a text."""
    return Compiler(source, max_nodes, _METHODS)
