"""Turns the tags of a template into functions that write text. The list of tags is closed."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from jinja2 import nodes

from ..errors import ExpressionFailed
from . import limits
from .chains import described
from .compiler import Scope
from .expressions import compiler_of
from .html import Place
from .nearest import shown
from .run import Run
from .source import Source
from .values import as_text, kind

Write = Callable[[Run], None]

_NAMES_PER_STEP = 8
"""Each round of a loop copies the names, so that what it sets ends with it."""

_RESERVED = frozenset({"loop", "self", "true", "false", "none"})


class StatementCompiler:
    """Compiles the tags of one template.

    :param names: of the facts.
    :param is_html: whether printed values are escaped.
    """

    def __init__(self, source: Source, names: frozenset[str], *, is_html: bool) -> None:
        self._source = source
        self._names = names
        self._place = Place() if is_html else None
        self._expressions = compiler_of(source, limits.MAX_TEMPLATE_NODES)

    @property
    def count(self) -> int:
        """How many nodes have been compiled."""
        return self._expressions.count

    def compile(self, template: nodes.Template) -> list[Write]:
        """Return the functions that write a template, in order."""
        return self._body(template.body, Scope(self._names), 0)

    def _body(self, body: list[nodes.Node], scope: Scope, depth: int) -> list[Write]:
        if body and depth > limits.MAX_DEPTH:
            self._source.refuse(body[0], f"This is nested too deeply; at most {limits.MAX_DEPTH} levels are allowed.")
        written: list[Write] = []
        for node in body:
            self._expressions.counted(node)
            method = _METHODS.get(type(node))
            if method is None:
                self._source.refuse(node, _refusal(node))
            written += method(self, node, scope, depth)
        return written

    def _output(self, node: nodes.Output, scope: Scope, depth: int) -> list[Write]:
        return [
            self._text(part.data) if isinstance(part, nodes.TemplateData) else self._printed(part, scope)
            for part in node.nodes
        ]

    def _text(self, text: str) -> Write:
        if self._place is not None:
            self._place = self._place.after(text)
        return lambda run: run.write(text)

    def _printed(self, node: nodes.Expr, scope: Scope) -> Write:
        value = self._expressions.compile(node, scope)
        name = described(node)
        line, _ = self._source.place(node.lineno)

        def text_of(run: Run) -> str:
            found = value(run)
            if isinstance(found, (list, dict)):
                raise ExpressionFailed(
                    f"{name} is {kind(found)} and cannot be printed; write |join(', ') or |tojson behind it.", line
                )
            return as_text(found, run)

        if self._place is None:
            return lambda run: run.write(text_of(run))
        problem = self._place.problem()
        if problem is not None:
            self._source.refuse(node, problem)
        harmless = self._place.writer()
        self._place = self._place.after_value()

        def write_escaped(run: Run) -> None:
            text = text_of(run)
            run.make(len(text))
            run.write(harmless(text))

        return write_escaped

    def _same_place(self, node: nodes.Node, ends: Iterable[Place | None]) -> None:
        """Check that every way through a tag ends at the same place of HTML."""
        met = {end for end in ends if end is not None}
        if len(met) > 1:
            met = {end.meeting() for end in met}
        if len(met) > 1:
            self._source.refuse(node, "Every way through if and for must open and close the same HTML tags and quotes.")
        self._place = next(iter(met), None)

    def _if(self, node: nodes.If, scope: Scope, depth: int) -> list[Write]:
        branches = []
        start, ends = self._place, []
        for branch in (node, *node.elif_):
            self._expressions.counted(branch)
            self._place = start
            branches.append((self._expressions.compile(branch.test, scope), self._body(branch.body, scope, depth + 1)))
            ends.append(self._place)
        self._place = start
        otherwise = self._body(node.else_, scope, depth + 1)
        self._same_place(node, [*ends, self._place])

        def choose(run: Run) -> None:
            chosen = next((body for test, body in branches if test(run)), otherwise)
            for write in chosen:
                write(run)

        return [choose]

    def _for(self, node: nodes.For, scope: Scope, depth: int) -> list[Write]:
        if node.recursive:
            self._source.refuse(node, "`recursive` is not available.")
        if scope.loop_depth >= limits.MAX_LOOP_DEPTH:
            self._source.refuse(node, f"At most {limits.MAX_LOOP_DEPTH} loops may be inside each other.")
        entries = self._expressions.compile(node.iter, scope)
        name = described(node.iter)
        targets = self._targets(node.target)
        inside = scope.inside_loop()
        inside.names.update(targets)
        before = self.count
        test = None if node.test is None else self._expressions.compile(node.test, inside)
        start = self._place
        body = self._body(node.body, inside, depth + 1)
        self._same_place(node, [start, self._place])
        cost = 1 + self.count - before
        otherwise = self._body(node.else_, scope, depth + 1)
        self._same_place(node, [start, self._place])
        line, _ = self._source.place(node.lineno)
        assign = _assign_one(targets[0]) if isinstance(node.target, nodes.Name) else _assign_each(targets, line)

        def loop(run: Run) -> None:
            found = entries(run)
            if not isinstance(found, (list, dict)):
                raise ExpressionFailed(f"Only a list or an object can be looped over; {name} is {kind(found)}.", line)
            outer = run.names
            run.iterate(len(found), cost + len(outer) // _NAMES_PER_STEP)
            if test is not None:
                found = [entry for entry in found if _holds(test, assign(dict(outer), entry), run)]
            count = len(found)
            for index, entry in enumerate(found):
                run.names = assign(dict(outer), entry)
                run.names["loop"] = (index, count)
                for write in body:
                    write(run)
            run.names = outer
            if not count:
                for write in otherwise:
                    write(run)

        return [loop]

    def _targets(self, node: nodes.Node) -> list[str]:
        parts = node.items if isinstance(node, nodes.Tuple) else [node]
        return [self._variable(part) for part in parts]

    def _variable(self, node: nodes.Node) -> str:
        if not isinstance(node, nodes.Name):
            self._source.refuse(node, "Only a plain name can be set here.")
        name = node.name
        if name in _RESERVED or name in self._names:
            self._source.refuse(node, f"{shown(name)} has a meaning already; choose another name.")
        if name.startswith("_") or not name.isascii():
            self._source.refuse(node, f"{shown(name)} cannot be set; a name begins with a letter from a to z.")
        return name

    def _set(self, node: nodes.Assign, scope: Scope, depth: int) -> list[Write]:
        name = self._variable(node.target)
        value = self._expressions.compile(node.node, scope)
        scope.names.add(name)

        def assign(run: Run) -> None:
            run.names[name] = value(run)

        return [assign]


def _assign_one(name: str) -> Callable[[dict[str, Any], Any], dict[str, Any]]:
    def assign(names: dict[str, Any], entry: Any) -> dict[str, Any]:
        names[name] = entry
        return names

    return assign


def _assign_each(targets: list[str], line: int) -> Callable[[dict[str, Any], Any], dict[str, Any]]:
    def assign(names: dict[str, Any], entry: Any) -> dict[str, Any]:
        if not isinstance(entry, list) or len(entry) != len(targets):
            raise ExpressionFailed(
                f"Each entry of the loop must be a list of {len(targets)}; for an object write |items.", line
            )
        names.update(zip(targets, entry, strict=True))
        return names

    return assign


def _holds(test: Callable[[Run], Any], names: dict[str, Any], run: Run) -> bool:
    run.names = names
    return bool(test(run))


_METHODS: Mapping[type[nodes.Node], Callable[..., list[Write]]] = {
    nodes.Output: StatementCompiler._output,
    nodes.If: StatementCompiler._if,
    nodes.For: StatementCompiler._for,
    nodes.Assign: StatementCompiler._set,
}

_TAGS: Mapping[type[nodes.Node], str] = {
    nodes.Macro: "macro",
    nodes.CallBlock: "call",
    nodes.FilterBlock: "filter",
    nodes.Block: "block",
    nodes.Extends: "extends",
    nodes.Include: "include",
    nodes.Import: "import",
    nodes.FromImport: "from",
    nodes.With: "with",
    nodes.AssignBlock: "set",
    nodes.ScopedEvalContextModifier: "autoescape",
    nodes.Scope: "autoescape",
}


def _refusal(node: nodes.Node) -> str:
    if isinstance(node, nodes.AssignBlock):
        return "Write {% set name = value %}; a block of text cannot be set."
    tag = _TAGS.get(type(node), type(node).__name__.lower())
    return f"The tag {tag} is not available; there are if, for, set and raw."
