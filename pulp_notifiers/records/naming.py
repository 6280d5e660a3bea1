"""What people give listeners, templates and sources to recognise them: names and descriptions."""

import re

from ..encoding import unportable

NAME_PATTERN = "[A-Za-z0-9][A-Za-z0-9._-]{0,63}"
MAX_NAME_LENGTH = 64
MAX_DESCRIPTION = 1000

_NAME = re.compile(NAME_PATTERN)
_LONGEST_SHOWN = 80


def is_name(text: object) -> bool:
    """Return whether something can be a name."""
    return isinstance(text, str) and _NAME.fullmatch(text) is not None


def name_problem(name: object) -> str | None:
    """Return why something cannot be a name; None if it can."""
    if is_name(name):
        return None
    shown = repr(name[:_LONGEST_SHOWN] if isinstance(name, str) else name)
    return f"{shown} is not a name: use 1 to 64 letters, digits, '.', '_' and '-', beginning with a letter or a digit."


def description_problem(description: object) -> str | None:
    """Return why something cannot be a description; None if it can."""
    if not isinstance(description, str):
        return "A description must be a text."
    if len(description) > MAX_DESCRIPTION:
        return f"A description may have at most {MAX_DESCRIPTION} characters, not {len(description)}."
    return unportable(description)
