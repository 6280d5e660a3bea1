"""JSON documents as YAML, in ASCII, that any reader of YAML 1.1 or 1.2 reads as the same data.

A text is plain only if no version takes it for anything else: PyYAML would write ``1e3``, ``0o14`` and ``y`` unquoted,
which others read as numbers and a boolean, and takes a second for 2,000 listeners.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

_STEP = 2
_LONGEST_KEY = 128
"""A longer key is marked as one; YAML looks for the colon behind at most 1,024 characters."""

_PLAIN = re.compile(r"[A-Za-z_/](?:[!-9;-~]|[: ](?=[!\"$-9;-~]))*")
_OTHER_MEANING = frozenset({"null", "true", "false", "yes", "no", "on", "off", "y", "n"})
_BLOCK = re.compile(r"[!-~][ -~]*(?:\n[ -~]*)*\n?[!-~]\n?")
"""Lines that are readable without escapes, and none of which could be taken for indentation."""

_ESCAPED = re.compile(r"[^ !#-\[\]-~]")
_SHORT = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def yaml_text(document: Any) -> str:
    """Return a document of JSON as YAML."""
    return "".join(f"{line}\n" for line in _lines(document, 0))


def _lines(value: Any, indent: int) -> Iterator[str]:
    """Yield the lines of a value that begins on a line of its own."""
    blanks = " " * indent
    if isinstance(value, Mapping) and value:
        for key, inner in value.items():
            name = _quoted_or_plain(str(key))
            if len(name) > _LONGEST_KEY:
                yield f"{blanks}? {name}"
                name = ""
            yield from _below(f"{blanks}{name}:", inner, indent)
    elif _is_list(value) and value:
        for item in value:
            if isinstance(item, Mapping) and item:
                first, *others = _lines(item, indent + _STEP)
                yield f"{blanks}- {first[indent + _STEP :]}"
                yield from others
            else:
                yield from _below(f"{blanks}-", item, indent)
    else:
        yield f"{blanks}{_scalar(value)}"


def _below(start: str, value: Any, indent: int) -> Iterator[str]:
    if (isinstance(value, Mapping) or _is_list(value)) and value:
        yield start
        yield from _lines(value, indent + _STEP)
    elif isinstance(value, str) and "\n" in value and _BLOCK.fullmatch(value):
        yield f"{start} |" if value.endswith("\n") else f"{start} |-"
        for line in value.removesuffix("\n").split("\n"):
            yield f"{' ' * (indent + _STEP)}{line}" if line else ""
    else:
        yield f"{start} {_scalar(value)}"


def _scalar(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, Mapping):
        return "{}"
    return "[]" if _is_list(value) else _quoted_or_plain(str(value))


def _number(value: float) -> str:
    text = repr(value)
    if "n" in text:  # nan, inf and -inf
        return text.replace("inf", ".inf").replace("nan", ".nan")
    # YAML 1.1 knows no number without a point before the exponent.
    return text if "." in text else text.replace("e", ".0e")


def _quoted_or_plain(text: str) -> str:
    if _PLAIN.fullmatch(text) and text.lower() not in _OTHER_MEANING:
        return text
    return f'"{_ESCAPED.sub(_escape, text)}"'


def _escape(found: re.Match[str]) -> str:
    letter = found[0]
    code = ord(letter)
    return _SHORT.get(letter) or (f"\\U{code:08x}" if code > 0xFFFF else f"\\u{code:04x}")


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)
