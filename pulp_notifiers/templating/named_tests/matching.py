"""Tests of texts against patterns; a pattern is always written out, so that it is checked when the text is saved."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ...errors import ExpressionFailed
from ..operation import Operation, Parameter
from ..run import Run
from ..values import BOOLEAN, LIST, TEXT
from .globs import Glob, glob_flaw
from .regexes import MAX_PATTERN, Regex

MAX_GLOB_SUBJECT = 4_096


def _glob(run: Run, value: Any, globs: Sequence[Glob]) -> bool:
    if type(value) not in LIST:
        return _is_glob(run, value, globs)
    run.step(1 + len(value))
    return any(type(entry) in TEXT and _is_glob(run, entry, globs) for entry in value)


def _is_glob(run: Run, value: str, globs: Sequence[Glob]) -> bool:
    if len(value) > MAX_GLOB_SUBJECT:
        raise ExpressionFailed(f"`glob` looks at texts of at most {MAX_GLOB_SUBJECT:,} characters.")
    for glob in globs:
        if glob.cost:
            run.step(1 + len(value) * glob.cost // 8)
        if glob.matches(value):
            return True
    return False


def _compiled_globs(*patterns: str) -> Sequence[Any]:
    return [tuple(Glob(pattern) for pattern in patterns)]


def _regex(run: Run, value: str, regex: Regex) -> bool:
    text = value.encode("utf-8", "replace")
    if len(text) > regex.max_length:
        raise ExpressionFailed(f"With this pattern only texts of at most {regex.max_length:,} bytes are searched.")
    run.step(10 + len(text) * regex.size // 8)
    return regex.is_in(text)


def _compiled_regex(pattern: str, ignorecase: bool, multiline: bool) -> Sequence[Any]:
    return [Regex(pattern, ignorecase=ignorecase, multiline=multiline)]


def _compiled_match(pattern: str, ignorecase: bool, multiline: bool) -> Sequence[Any]:
    return [Regex(pattern, ignorecase=ignorecase, multiline=multiline, at_start=True)]


_PATTERN = Parameter("pattern", TEXT, is_constant=True, largest=MAX_PATTERN)
_GLOB = replace(_PATTERN, flaw=glob_flaw)
_FLAGS = (
    Parameter("ignorecase", BOOLEAN, default=False, is_constant=True),
    Parameter("multiline", BOOLEAN, default=False, is_constant=True),
)


def _startswith(run: Run, value: str, start: str) -> bool:
    run.read(len(start))
    return value.startswith(start)


def _endswith(run: Run, value: str, end: str) -> bool:
    run.read(len(end))
    return value.endswith(end)


MATCHING_TESTS = (
    Operation(
        "glob",
        "The whole text, or a text of the list, matches one of the patterns: * any characters, ? one, [ab] one of "
        "them, [!ab] none of them.",
        _glob,
        takes=TEXT | LIST,
        parameters=(_GLOB,),
        prepare=_compiled_globs,
        repeats=True,
        example="payload.repo_id is glob('prod-*')",
    ),
    Operation(
        "regex",
        "A part of the text matches a regular expression of RE2.",
        _regex,
        takes=TEXT,
        parameters=(_PATTERN, *_FLAGS),
        prepare=_compiled_regex,
        example="payload.repo_id is regex('-(8|9)$')",
    ),
    Operation(
        "match",
        "The start of the text matches a regular expression of RE2.",
        _regex,
        takes=TEXT,
        parameters=(_PATTERN, *_FLAGS),
        prepare=_compiled_match,
        example="payload.repo_id is match('rhel-[89]')",
    ),
    Operation(
        "startswith",
        "The text begins with another.",
        _startswith,
        takes=TEXT,
        parameters=(Parameter("start", TEXT),),
        example="payload.repo_id is startswith('prod-')",
    ),
    Operation(
        "endswith",
        "The text ends with another.",
        _endswith,
        takes=TEXT,
        parameters=(Parameter("end", TEXT),),
        example="payload.repo_id is endswith('-9')",
    ),
)
