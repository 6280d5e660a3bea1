"""Shell patterns, matched without trying anything twice."""

import re
from collections.abc import Iterator

from ..nearest import shown


def glob_flaw(pattern: str) -> str | None:
    """Return a sentence about a pattern that can hardly be meant, or None.

    A shell takes these literally, or matches nothing, so that a typing error would never be noticed.
    """
    if not pattern:
        return "The glob is empty, so it matches no name; write for example 'prod-*'."
    position = 0
    while (start := pattern.find("[", position)) >= 0:
        end = _class_end(pattern, start + 1)
        if end is None:
            return (
                f"The glob '{shown(pattern)}' has a [ at character {start + 1} that no ] closes; write [ab] for one "
                "of several characters, and [[] for the character [ itself."
            )
        for first, last in _ranges(pattern[start + 1 : end].removeprefix("!")):
            if first > last:
                return (
                    f"The glob '{shown(pattern)}' has a range that contains nothing, {first}-{last}; write "
                    f"[{last}-{first}]."
                )
        position = end + 1
    return None


class Glob:
    """One shell pattern; case matters.

    The pattern is cut at its stars. The first piece must be at the start, the last at the end, and each of the others
    is looked for behind the one before it: taking the first occurrence is always right, so there is no way back.

    :ivar cost: about how many characters of the pattern are compared with each of the text; 0 for plain text.
    """

    __slots__ = ("_first", "_is_whole", "_last", "_middle", "cost")

    def __init__(self, pattern: str) -> None:
        pieces = _pieces(pattern)
        self._is_whole = len(pieces) == 1
        self._first = pieces[0]
        self._last = pieces[-1]
        self._middle = [piece for piece in pieces[1:-1] if piece.length]
        self.cost = len(pattern) if len(pieces) > 2 or any(p.regex for p in pieces) else 0

    def matches(self, text: str) -> bool:
        """Return whether the whole text matches."""
        first, last = self._first, self._last
        if not first.is_at(text, 0):
            return False
        if self._is_whole:
            return len(text) == first.length
        end = len(text) - last.length
        position = first.length
        if end < position or not last.is_at(text, end):
            return False
        for piece in self._middle:
            found = piece.find(text, position, end)
            if found < 0:
                return False
            position = found + piece.length
        return True


class _Piece:
    """What stands between two stars; it matches texts of one length only."""

    __slots__ = ("length", "regex", "text")

    def __init__(self, text: str, regex: str, length: int, is_plain: bool) -> None:
        self.text = text
        self.length = length
        self.regex = None if is_plain else re.compile(regex, re.DOTALL)

    def is_at(self, text: str, position: int) -> bool:
        if self.regex is None:
            return text.startswith(self.text, position)
        return self.regex.match(text, position) is not None

    def find(self, text: str, start: int, end: int) -> int:
        if self.regex is None:
            return text.find(self.text, start, end)
        found = self.regex.search(text, start, end)
        return -1 if found is None else found.start()


def _pieces(pattern: str) -> list[_Piece]:
    pieces = []
    text, regex, length, is_plain = "", "", 0, True
    position = 0
    while position < len(pattern):
        sign = pattern[position]
        position += 1
        if sign == "*":
            pieces.append(_Piece(text, regex, length, is_plain))
            text, regex, length, is_plain = "", "", 0, True
            continue
        length += 1
        if sign == "?":
            regex += "."
            is_plain = False
        elif sign == "[" and (end := _class_end(pattern, position)) is not None:
            regex += _class(pattern[position:end])
            is_plain = False
            position = end + 1
        else:
            text += sign
            regex += re.escape(sign)
    pieces.append(_Piece(text, regex, length, is_plain))
    return pieces


def _class_end(pattern: str, start: int) -> int | None:
    """Return where a class of characters ends; a bracket at its start belongs to it, as in :mod:`fnmatch`."""
    position = start
    if pattern[position : position + 1] == "!":
        position += 1
    if pattern[position : position + 1] == "]":
        position += 1
    end = pattern.find("]", position)
    return None if end < 0 else end


def _ranges(content: str) -> Iterator[tuple[str, str]]:
    """Yield the first and last character of each range in a class; those of a single character are the same."""
    position = 0
    while position < len(content):
        is_range = content[position + 1 : position + 2] == "-" and position + 2 < len(content)
        yield content[position], content[position + 2 if is_range else position]
        position += 3 if is_range else 1


def _class(content: str) -> str:
    is_negated = content.startswith("!")
    parts = [
        re.escape(first) if first == last else f"{re.escape(first)}-{re.escape(last)}"
        for first, last in _ranges(content[is_negated:])
        if first <= last
    ]
    if not parts:  # only an empty range such as [z-a]
        return "." if is_negated else "(?!)"
    return f"[{'^' if is_negated else ''}{''.join(parts)}]"
