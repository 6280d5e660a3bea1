"""Suggestions for misspelt names."""

from collections.abc import Iterable
from difflib import get_close_matches

_MAX_SHOWN = 60
_KNOWN = " Known are: "


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
    return known_names(names)


def known_names(names: Iterable[str]) -> str:
    """Return " Known are: ..." with these names; nothing without any."""
    listed = ", ".join(names)
    return f"{_KNOWN}{listed}." if listed else ""


def without_known_names(sentence: str) -> str:
    """Return a sentence without such names: they are for those who write a text, not for those who get a message."""
    return sentence.partition(_KNOWN)[0]
