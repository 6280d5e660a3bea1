"""What Jinja's parser says about a text, in sentences that say what would be right."""

import re
from collections.abc import Callable

from .nearest import shown

_MISSING = {
    "name": "a name is missing",
    ",": "a closing ], } or ) is missing",
    "end of print statement": "}} is missing",
    "end of statement block": "%} is missing",
}
"""What Jinja expects to words for it; all else is a sign."""

_NOT_STRAIGHT = "\u201c\u201d\u201e\u2018\u2019\u201a\u00ab\u00bb\u0060\u00b4"
"""Quotes of word processors and shells."""

_LONGEST = 200


def sentence_of(message: str, is_condition: bool) -> str:
    """Return a sentence for a message of Jinja's parser.

    :param is_condition: whether the text is a condition, which Jinja calls a template too.
    """
    message = " ".join(message.split())
    for pattern, sentence in _SENTENCES:
        if found := pattern.fullmatch(message):
            written = sentence(found)
            return written.replace("The template ends", "The condition ends", 1) if is_condition else written
    if len(message) > _LONGEST:  # it may quote the whole text
        message = f"{message[:_LONGEST]}..."
    return message[:1].upper() + message[1:] + ("" if message.endswith((".", "?")) else ".")


def _character(found: re.Match[str]) -> str:
    sign = found[1].strip("'\"") or found[1][1:2]
    if sign in "'\"":
        return f"A text begins with {sign} here, and no {sign} ends it."
    if sign in _NOT_STRAIGHT:
        return f"Unexpected character {sign}; write a text in straight quotes, such as 'failed'."
    return {
        "&": "`&` is not an operator; write `and`.",
        "!": "`!` is not an operator; write `not`, or != to compare.",
    }.get(sign, f"Unexpected character {shown(sign)}.")


def _sign(found: re.Match[str]) -> str:
    sign = found[1]
    if sign in ")]}":
        return f"Unexpected `{sign}`: a value is missing before it, or it closes nothing."
    return {
        "=": "Unexpected `=`; == compares.",
        "*": "Unexpected `*`; write a glob in quotes, such as 'prod-*'.",
        ">": "Unexpected `>`; != means that two values differ.",
        "|": "Unexpected `|`; write `or` between two conditions.",
    }.get(sign, f"Unexpected `{shown(sign)}`.")


def _early(found: re.Match[str]) -> str:
    missing = found[1]
    return f"The template ends too early: {_MISSING.get(missing, f'{missing} is missing')}."


_SENTENCES: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...] = (
    (re.compile(r"unexpected char ('.*'|\".*\") at \d+"), _character),
    (re.compile(r"unexpected end of template, expected '(.+)'\."), _early),
    (re.compile(r"unexpected 'end of template'"), lambda _: "The template ends where a value is expected."),
    (re.compile(r".*got '='"), lambda _: "`=` does not compare; write ==."),
    (re.compile(r"(?:unexpected|expected token 'name', got) '(\W+)'"), _sign),
    (
        re.compile(r"Unexpected end of template\. Jinja was looking .* that needs to be closed is '(\w+)'\."),
        lambda found: f"The tag `{found[1]}` is not closed: {{% end{found[1]} %}} is missing.",
    ),
    (
        re.compile(r"Expected an expression, got 'end of print statement'"),
        lambda _: "There is nothing between {{ and }}.",
    ),
)
