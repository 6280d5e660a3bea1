"""Documents as pulp-admin printed them: aligned labels and values, wrapped at 80 columns (CONTRACT 5)."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

WIDTH = 80
_STEP = 2
_CAPITALS = {"Url": "URL", "Ca": "CA", "Ssl": "SSL"}


def document_lines(document: Mapping[str, Any], indent: int = 0) -> Iterator[str]:
    """Yield the lines of one document; keys are sorted, and those that start with an underscore are hidden."""
    labels = {key: f"{_label(key)}:" for key in sorted(document) if not key.startswith("_")}
    # In Pulp 2 too, the gap of the outermost column was one blank wider than that of nested ones.
    gap = 1 if indent else 2
    value_column = indent + max(map(len, labels.values()), default=0) + gap
    for key, label in labels.items():
        start = f"{'':{indent}}{label}".ljust(value_column)
        nested = _nested(document[key])
        if nested is None:
            yield from wrapped(start + _text(document[key]), value_column)
            continue
        yield start
        for inner in nested:
            yield from document_lines(inner, indent + _STEP)


def wrapped(line: str, indent: int, width: int = WIDTH) -> Iterator[str]:
    """Yield a line in pieces of at most ``width``, broken at blanks if there are any; indent all but the first."""
    indent = min(indent, width // 2)
    while len(line) > width:
        blank = line.rfind(" ", indent + 1, width + 1)
        end = width if blank < 0 else blank
        yield line[:end]
        line = " " * indent + line[end:].lstrip()
    yield line


def printable(value: str) -> str:
    """Return text in one line without characters that could control a terminal."""
    return "".join(letter if letter.isprintable() else _escaped(letter) for letter in value)


def _label(key: str) -> str:
    words = (word.capitalize() for word in key.split("_"))
    return printable(" ".join(_CAPITALS.get(word, word) for word in words))


def _nested(value: Any) -> Sequence[Mapping[str, Any]] | None:
    if isinstance(value, Mapping):
        return [value]
    if isinstance(value, list) and value and all(isinstance(item, Mapping) for item in value):
        return value
    return None


def _text(value: Any) -> str:
    if isinstance(value, list):
        return printable(", ".join(map(str, value)))
    return printable(str(value))


def _escaped(letter: str) -> str:
    return " " if letter == "\n" else letter.encode("unicode_escape").decode("ascii")
