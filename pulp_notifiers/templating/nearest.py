"""Suggestions for misspelt names."""

from collections.abc import Iterable
from difflib import get_close_matches

_MAX_SHOWN = 60


def shown(text: str) -> str:
    """Return a name from a condition or template as it is quoted in a sentence."""
    text = text.encode("ascii", "backslashreplace").decode() if not text.isprintable() else text
    return text if len(text) <= _MAX_SHOWN else text[:_MAX_SHOWN] + "..."


def suggestion(name: str, known: Iterable[str]) -> str:
    """Return " Did you mean ...?" with the nearest names, or else all names."""
    names = sorted(known)
    close = get_close_matches(name[:_MAX_SHOWN], names, 3, 0.6)
    if close:
        return f" Did you mean {' or '.join(close)}?"
    return f" Known are: {', '.join(names)}."
