"""What a filter or test is: its name, what it accepts, and the function behind it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from .values import BOOLEAN, INTEGER, LIST, NUMBER, OBJECT, TEXT

REQUIRED: Final = object()
"""Default of a parameter that has none."""

Types = frozenset[type]

ANYTHING: Final[Types] = frozenset()

_WORDS: dict[Types, str] = {
    TEXT: "a text",
    INTEGER: "a whole number",
    NUMBER: "a number",
    BOOLEAN: "true or false",
    LIST: "a list",
    OBJECT: "an object",
}


def words(types: Types) -> str:
    """Return which kinds of value are accepted, for a sentence."""
    if types in _WORDS:
        return _WORDS[types]
    return " or ".join(
        word for some, word in _WORDS.items() if some <= types and not any(some < t for t in _inside(types))
    )


def _inside(types: Types) -> Iterable[Types]:
    return [some for some in _WORDS if some <= types]


@dataclass(frozen=True, slots=True)
class Parameter:
    """What may stand in the brackets behind a filter or test.

    :ivar types: of its value; empty if anything is accepted.
    :ivar is_constant: whether it must be written out, so that it is checked when the text is saved.
    :ivar largest: of a number; or how many characters of a text.
    :ivar flaw: returns a sentence about what is wrong with a constant of the right type and size, or None.
    """

    name: str
    types: Types
    default: Any = REQUIRED
    is_constant: bool = False
    smallest: int | None = None
    largest: int | None = None
    flaw: Callable[[Any], str | None] | None = None

    def problem(self, value: Any) -> str | None:
        """Return what is wrong with a value, as the end of a sentence, or None."""
        if value is self.default:
            return None
        if self.types and type(value) not in self.types:
            return f"must be {words(self.types)}"
        size = len(value) if isinstance(value, str) else value
        if self.smallest is not None and size < self.smallest:
            return f"must be at least {self.smallest}"
        if self.largest is not None and size > self.largest:
            unit = " characters long" if isinstance(value, str) else ""
            return f"must be at most {self.largest}{unit}"
        return None


@dataclass(frozen=True, slots=True)
class Operation:
    """A filter or test.

    :ivar apply: called with the run, the value and the arguments; announces its cost to the run before it works.
    :ivar takes: types of the value; empty if anything is accepted.
    :ivar prepare: called once, when the text is compiled, with the arguments, all of them constant; returns those for
        ``apply``, or raises ValueError with a sentence.
    :ivar repeats: whether the last parameter may be given several times.
    """

    name: str
    description: str
    apply: Callable[..., Any]
    takes: Types = ANYTHING
    parameters: Sequence[Parameter] = ()
    prepare: Callable[..., Sequence[Any]] | None = None
    repeats: bool = False
    example: str = field(default="", compare=False)


def by_name(operations: Iterable[Operation], aliases: dict[str, str]) -> dict[str, Operation]:
    """Return operations by name and by alias."""
    found = {operation.name: operation for operation in operations}
    return found | {alias: found[name] for alias, name in aliases.items()}
