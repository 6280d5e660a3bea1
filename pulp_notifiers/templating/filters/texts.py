"""Filters for texts."""

import re
from typing import Any
from urllib.parse import quote

from markupsafe import escape

from ...errors import ExpressionFailed
from .. import limits
from ..operation import Operation, Parameter
from ..run import Run
from ..values import BOOLEAN, INTEGER, TEXT, Escaped, as_text

_ANSI = re.compile(r"\x1b(?:\[[0-?]{0,64}[ -/]{0,8}[@-~]?|[@-_])?")
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_SENTENCE_END = re.compile(r"[.!?](?=\s+[A-Z\"'(])")
_ELLIPSIS = "..."
_MAX_SUMMARISED = 20_000


def _lower(run: Run, value: str) -> str:
    run.make(len(value) * 3)
    return value.lower()


def _upper(run: Run, value: str) -> str:
    run.make(len(value) * 3)
    return value.upper()


def _capitalize(run: Run, value: str) -> str:
    run.make(len(value) * 3)
    return value[:1].upper() + value[1:]


def _trim(run: Run, value: str) -> str:
    run.make(len(value))
    return str(value).strip()


def _truncate(run: Run, value: str, length: int, killwords: bool, end: str) -> str:
    if len(value) <= length:
        return value
    run.make(length + len(end))
    room = max(length - len(end), 0)
    cut = str(value[:room])
    if not killwords and not value[room : room + 1].isspace():
        cut = cut.rpartition(" ")[0] or cut
    return (cut.rstrip() + end)[:length]


def _replace(run: Run, value: str, old: str, new: str) -> str:
    if not old:
        raise ExpressionFailed("`replace` needs a text to look for that is not empty.")
    run.search(len(value), len(old))
    run.make(len(value) + value.count(old) * max(len(new) - len(old), 0))
    return str(value).replace(old, new)


def _split(run: Run, value: str, separator: str) -> list[str]:
    run.search(len(value), len(separator))
    parts = value.count(separator)
    if parts >= limits.MAX_ITEMS:
        raise ExpressionFailed(f"`split` would make more than {limits.MAX_ITEMS:,} parts.")
    run.make(len(value))
    run.step(2 * parts)
    return str(value).split(separator)


def _lines(run: Run, value: str) -> list[str]:
    run.read(len(value))
    parts = value.count("\n")
    if parts >= limits.MAX_ITEMS:
        raise ExpressionFailed(f"`lines` would make more than {limits.MAX_ITEMS:,} lines.")
    run.make(len(value))
    run.step(2 * parts)
    return str(value).replace("\r\n", "\n").removesuffix("\n").split("\n") if value else []


def _indent(run: Run, value: str, width: int, first: bool) -> str:
    run.make(len(value) + (1 + value.count("\n")) * width)
    space = " " * width
    lines = [space + line if line else line for line in str(value).split("\n")]
    return "\n".join(lines) if first else "\n".join(lines).removeprefix(space)


def _pad(run: Run, value: Any, width: int, left: bool) -> str:
    text = as_text(value, run)
    run.make(max(len(text), width))
    return text.rjust(width) if left else text.ljust(width)


def _urlencode(run: Run, value: Any) -> str:
    text = as_text(value, run)
    run.make(len(text) * 12)
    return quote(text.encode("utf-8", "replace"), safe="")


def _basename(run: Run, value: str) -> str:
    run.make(len(value))
    return str(value).rstrip("/").rpartition("/")[2]


def _summary(run: Run, value: str, length: int) -> str:
    value = value[:_MAX_SUMMARISED]
    run.step(1 + len(value))
    text = _ANSI.sub("", value).strip()
    line = next((line for line in text.splitlines() if line.strip()), "")
    line = " ".join(_CONTROLS.sub(" ", line).split())
    end = _SENTENCE_END.search(line)
    sentence = line[: end.end()] if end else line
    return _truncate(run, sentence, length, False, _ELLIPSIS)


def _escaped(run: Run, value: Any) -> Escaped:
    if isinstance(value, Escaped):
        return value
    text = as_text(value, run)
    run.make(len(text))
    html = str(escape(text))
    run.make(len(html))
    return Escaped(html)


TEXT_FILTERS = (
    Operation("lower", "The text in small letters.", _lower, takes=TEXT, example="payload.repo_id|lower"),
    Operation("upper", "The text in capital letters.", _upper, takes=TEXT, example="about.state|upper"),
    Operation(
        "capitalize",
        "The text with its first letter as a capital; the others stay.",
        _capitalize,
        takes=TEXT,
        example="about.what|capitalize",
    ),
    Operation("trim", "The text without white space at both ends.", _trim, takes=TEXT, example="payload.note|trim"),
    Operation(
        "truncate",
        "The text cut to a length, between two words unless `killwords` is true, with `end` behind it.",
        _truncate,
        takes=TEXT,
        parameters=(
            Parameter("length", INTEGER, default=255, smallest=1, largest=limits.MAX_TEXT),
            Parameter("killwords", BOOLEAN, default=False),
            Parameter("end", TEXT, default=_ELLIPSIS, largest=20),
        ),
        example="about.reason|truncate(80)",
    ),
    Operation(
        "replace",
        "The text with every occurrence of one text replaced by another.",
        _replace,
        takes=TEXT,
        parameters=(Parameter("old", TEXT, smallest=1), Parameter("new", TEXT)),
        example="payload.repo_id|replace('_', '-')",
    ),
    Operation(
        "split",
        "A list of the parts between a separator.",
        _split,
        takes=TEXT,
        parameters=(Parameter("separator", TEXT, smallest=1),),
        example="payload.repo_id|split('-')|first",
    ),
    Operation("lines", "A list of the lines of a text.", _lines, takes=TEXT, example="(report.traceback|lines)[-5:]"),
    Operation(
        "indent",
        "The text with spaces before each line that is not empty, the first one only if `first` is true.",
        _indent,
        takes=TEXT,
        parameters=(
            Parameter("width", INTEGER, default=4, smallest=0, largest=40),
            Parameter("first", BOOLEAN, default=False),
        ),
        example="about.reason|indent(4)",
    ),
    Operation(
        "pad",
        "The value as text, filled with spaces up to a width; `left` puts them before it.",
        _pad,
        parameters=(
            Parameter("width", INTEGER, smallest=0, largest=200),
            Parameter("left", BOOLEAN, default=False),
        ),
        example="payload.repo_id|pad(20)",
    ),
    Operation(
        "urlencode",
        "The value for a part of a path or a query; everything but letters, digits and `_.-~` is encoded, also `/`.",
        _urlencode,
        example="payload.repo_id|urlencode",
    ),
    Operation(
        "basename",
        "What stands behind the last slash of a path or URL.",
        _basename,
        takes=TEXT,
        example="'/repos/rhel-9/'|basename",
    ),
    Operation(
        "summary",
        "The first sentence of the first line with text, without control characters, cut to a length.",
        _summary,
        takes=TEXT,
        parameters=(Parameter("length", INTEGER, default=300, smallest=10, largest=1000),),
        example="report.exception|summary(120)",
    ),
    Operation(
        "e",
        "The value as HTML text. The form `html` does this by itself, once.",
        _escaped,
        example="payload.repo_id|e",
    ),
)
