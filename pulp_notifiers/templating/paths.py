"""Which facts a condition or template reads; found by looking at its nodes, without any event."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from jinja2 import nodes

from .chains import Key, key_of
from .filters import FILTERS
from .source import Source

ENTRY = "[]"
"""In a path: an entry of a list."""

_ANY_KEY = "*"
"""A key that is only known when the text is rendered: what is recorded ends before it."""

_EACH = "<each>"
_PAIRS = "<pairs>"
_PAIR = "<pair>"
_MARKS = frozenset({_EACH, _PAIRS, _PAIR})

_SAME_ENTRIES = frozenset({"reverse", "sort", "unique", "difference", "intersect"})


@dataclass(frozen=True, slots=True)
class Path:
    """A fact that is read.

    :ivar names: keys from the outside in, such as ``("payload", "units", "[]", "name")``; up to the first key that is
        only known when the text is rendered.
    :ivar optional: whether it need not exist: it is read only for ``defined``, ``undefined`` or ``default``.
    """

    names: tuple[str, ...]
    optional: bool = False

    def __str__(self) -> str:
        return ".".join(self.names)

    def below(self, *names: str) -> "Path":
        """Return the path of something inside."""
        return Path(self.names + names, self.optional)


Aliases = frozenset[Path]
_NONE: Aliases = frozenset()


def place_of(text: str, names: Sequence[str]) -> tuple[int, int] | None:
    """Return line and column, from 1, at which a path is first written in a text; None if a variable stands for it."""
    root, *below = names
    keys = "".join(map(_written, below))
    found = re.search(rf"(?<![\w.]){re.escape(root)}{keys}(?!\w)", text)
    if found is None:
        return None
    start = found.start()
    return text.count("\n", 0, start) + 1, start - text.rfind("\n", 0, start)


def _written(key: str) -> str:
    """Return a regular expression for the ways in which a key is written."""
    if key == ENTRY:
        return r"\s*\[\s*-?\d+\s*\]"
    name = re.escape(key)
    return rf"\s*(?:\.\s*{name}|\[\s*(?:'{name}'|\"{name}\")\s*\])"


def paths_of(node: nodes.Node, source: Source, *, is_condition: bool) -> tuple[Path, ...]:
    """Return the facts that are read, in the order of the text; each once.

    :raises InvalidExpression: a condition calculates a key, so that it is unknown what it reads.
    """
    walk = _Walk(source, is_condition)
    walk.use(node, {})
    return tuple(Path(names, optional) for names, optional in walk.found.items())


Variables = dict[str, Aliases]


class _Walk:
    """Follows names through loops and variables.

    To use a node records the facts that it reads; to resolve a chain of keys says only what it stands for, so that of
    ``payload.a.b`` nothing but the whole is recorded.
    """

    def __init__(self, source: Source, is_condition: bool) -> None:
        self.found: dict[tuple[str, ...], bool] = {}
        self._source = source
        self._is_condition = is_condition

    def use(self, node: nodes.Node | None, variables: Variables, optional: bool = False) -> Aliases:
        """Record what a node reads, and return which facts its value can be."""
        if isinstance(node, (nodes.Name, nodes.Getattr, nodes.Getitem)):
            aliases = self._resolved(node, variables, optional)
            self._record(aliases)
            return aliases
        if isinstance(node, nodes.Filter):
            return self._filter(node, variables, optional)
        if isinstance(node, nodes.CondExpr):
            return self._choice(node, variables, optional)
        if isinstance(node, (nodes.And, nodes.Or)):
            return _NONE.union(*[self.use(term, variables) for term in _terms(node)])
        self._use_other(node, variables)
        return _NONE

    def _use_other(self, node: nodes.Node | None, variables: Variables) -> None:
        """Record what a node reads whose value is no fact."""
        if isinstance(node, nodes.Test):
            self.use(node.node, variables, node.name in ("defined", "undefined"))
            self._use_all(node.args, variables)
            self._use_all([keyword.value for keyword in node.kwargs], variables)
        elif isinstance(node, nodes.For):
            self._loop(node, variables)
        elif isinstance(node, nodes.Assign):
            aliases = self.use(node.node, variables)
            if isinstance(node.target, nodes.Name):
                variables[node.target.name] = variables.get(node.target.name, _NONE) | aliases
        elif node is not None:
            self._use_all(node.iter_child_nodes(), variables)

    def _choice(self, node: nodes.CondExpr, variables: Variables, optional: bool) -> Aliases:
        self.use(node.test, variables)
        return self.use(node.expr1, variables, optional) | self.use(node.expr2, variables, optional)

    def _use_all(self, some: Iterable[nodes.Node], variables: Variables) -> None:
        for node in some:
            self.use(node, variables)

    def _resolved(self, node: nodes.Node, variables: Variables, optional: bool) -> Aliases:
        keys: list[Key | None] = []
        while isinstance(node, (nodes.Getattr, nodes.Getitem)):
            if isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Slice):
                node = node.node
                continue
            key = key_of(node, self._source)
            if key is None and isinstance(node, nodes.Getitem):
                if self._is_condition:
                    self._source.refuse(node, "In a condition [ ] holds a text in quotes or a whole number.")
                self.use(node.arg, variables)
            keys.append(key)
            node = node.node
        if not isinstance(node, nodes.Name):
            aliases = self.use(node, variables, optional)
        elif node.name == "loop":
            return _NONE
        elif node.name in variables:
            aliases = frozenset(Path(path.names, path.optional or optional) for path in variables[node.name])
        else:
            aliases = frozenset({Path((node.name,), optional)})
        for key in reversed(keys):
            aliases = frozenset(_inside(path, key) for path in aliases)
        return aliases

    def _filter(self, node: nodes.Filter, variables: Variables, optional: bool) -> Aliases:
        name = FILTERS[node.name].name
        self._use_all(node.args + [keyword.value for keyword in node.kwargs], variables)
        if name == "default":
            return self.use(node.node, variables, True) | (self.use(node.args[0], variables) if node.args else _NONE)
        aliases = self.use(node.node, variables, optional and name in ("first", "last"))
        attribute = _attribute(node)
        inside = _NONE
        if attribute is not None:
            inside = frozenset(_entry(path).below(*attribute.split(".")) for path in aliases)
            self._record(inside)
        if name in ("first", "last", "min", "max"):
            return frozenset(_entry(path) for path in aliases)
        if name == "map":
            return frozenset(path.below(_EACH) for path in inside)
        if name in ("items", "dictsort"):
            return frozenset(path.below(_PAIRS) for path in aliases)
        return aliases if name in _SAME_ENTRIES else _NONE

    def _loop(self, node: nodes.For, variables: Variables) -> None:
        entries = frozenset(_entry(path) for path in self.use(node.iter, variables))
        inside = dict(variables)
        if isinstance(node.target, nodes.Name):
            inside[node.target.name] = entries
        elif isinstance(node.target, nodes.Tuple):
            for index, part in enumerate(node.target.items):
                if isinstance(part, nodes.Name):
                    inside[part.name] = frozenset(
                        found for path in entries if (found := _inside(path, index)).names[-1] != _PAIR
                    )
        self.use(node.test, inside)
        self._use_all(node.body, inside)
        self._use_all(node.else_, variables)

    def _record(self, aliases: Aliases) -> None:
        for path in sorted(aliases, key=lambda path: path.names):
            known = path.names[: path.names.index(_ANY_KEY)] if _ANY_KEY in path.names else path.names
            names = tuple(name for name in known if name not in _MARKS)
            self.found[names] = path.optional and self.found.get(names, True)


def _terms(node: nodes.Node) -> list[nodes.Node]:
    terms: list[nodes.Node] = []
    while isinstance(node, (nodes.And, nodes.Or)):
        terms.append(node.right)
        node = node.left
    return [node, *reversed(terms)]


def _entry(path: Path) -> Path:
    """Return the path of an entry of a list."""
    if path.names[-1] == _EACH:
        return Path(path.names[:-1], path.optional)
    if path.names[-1] == _PAIRS:
        return Path((*path.names[:-1], _PAIR), path.optional)
    return path.below(ENTRY)


def _inside(path: Path, key: Key | None) -> Path:
    """Return the path of what a key leads to."""
    if isinstance(key, int):
        if path.names[-1] == _PAIR:
            return Path((*path.names[:-1], _ANY_KEY), path.optional) if key == 1 else path
        return _entry(path)
    return path.below(_ANY_KEY if key is None else key)


def _attribute(node: nodes.Filter) -> str | None:
    """Return which key of each entry a filter takes."""
    given: dict[object, nodes.Expr] = {keyword.key: keyword.value for keyword in node.kwargs}
    names = [parameter.name for parameter in FILTERS[node.name].parameters]
    given |= dict(zip(names, node.args, strict=False))
    attribute = given.get("attribute")
    if isinstance(attribute, nodes.Const) and isinstance(attribute.value, str):
        return attribute.value
    return None
