"""Turns the tags of a template into functions that write text. The list of tags is closed."""

from collections.abc import Callable, Mapping
from typing import Any

from jinja2 import nodes
from markupsafe import escape

from ..errors import ExpressionFailed
from . import limits
from .chains import described
from .expressions import ExpressionCompiler, Scope
from .nearest import shown
from .run import Run
from .source import Source
from .values import Escaped, as_text, kind

Write = Callable[[Run], None]

_RESERVED = frozenset({"loop", "self", "true", "false", "none"})


class StatementCompiler:
    """Compiles the tags of one template.

    :param names: of the facts.
    :param is_html: whether printed values are escaped.
    """

    def __init__(self, source: Source, names: frozenset[str], *, is_html: bool) -> None:
        self._source = source
        self._names = names
        self._is_html = is_html
        self._expressions = ExpressionCompiler(source, limits.MAX_TEMPLATE_NODES)

    @property
    def count(self) -> int:
        """How many nodes have been compiled."""
        return self._expressions.count

    def compile(self, template: nodes.Template) -> list[Write]:
        """Return the functions that write a template, in order."""
        return self._body(template.body, Scope(self._names), 0)

    def _body(self, body: list[nodes.Node], scope: Scope, depth: int) -> list[Write]:
        if depth > limits.MAX_DEPTH:
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

        if not self._is_html:
            return lambda run: run.write(text_of(run))

        def write_escaped(run: Run) -> None:
            text = text_of(run)
            if isinstance(text, Escaped):
                run.write(text)
            else:
                run.make(len(text))
                run.write(str(escape(text)))

        return write_escaped

    def _if(self, node: nodes.If, scope: Scope, depth: int) -> list[Write]:
        branches = []
        for branch in (node, *node.elif_):
            self._expressions.counted(branch)
            branches.append((self._expressions.compile(branch.test, scope), self._body(branch.body, scope, depth + 1)))
        otherwise = self._body(node.else_, scope, depth + 1)

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
        body = self._body(node.body, inside, depth + 1)
        cost = 1 + self.count - before
        otherwise = self._body(node.else_, scope, depth + 1)
        line, _ = self._source.place(node.lineno)
        assign = _assign_one(targets[0]) if isinstance(node.target, nodes.Name) else _assign_each(targets, line)

        def loop(run: Run) -> None:
            found = entries(run)
            if not isinstance(found, (list, dict)):
                raise ExpressionFailed(f"Only a list or an object can be looped over; {name} is {kind(found)}.", line)
            run.iterate(len(found), cost)
            outer = run.names
            rounds = [assign(dict(outer), entry) for entry in found]
            if test is not None:
                rounds = [names for names in rounds if _holds(test, names, run)]
            count = len(rounds)
            for index, names in enumerate(rounds):
                names["loop"] = (index, count)
                run.names = names
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
