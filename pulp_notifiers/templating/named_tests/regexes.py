"""Regular expressions of RE2, which never tries anything twice, with bounds for what its slowest way costs."""

from typing import Any

try:
    import re2
except ImportError:  # there are wheels for glibc on x86_64 and aarch64, and for macOS; elsewhere it must be built
    re2 = None

MAX_PATTERN = 200
"""Characters of a pattern."""

_MAX_MEMORY = 1 << 19
"""Bytes of one compiled pattern and of what it remembers while it searches."""

_MAX_SIZE = 1_000
"""Instructions of a compiled pattern."""

_MAX_LENGTH = 65_536
_MAX_WORK = 1_500_000
"""Instructions times bytes. RE2 needs up to 32 ns for each if a pattern has too many states to remember: 50 ms."""


class Regex:
    """A compiled pattern. Look-around and back-references do not exist.

    :ivar max_length: bytes of the longest text in which it searches.
    :ivar size: how many instructions it may need for each byte.
    :raises ValueError: it is not a pattern of RE2, or too large; the sentence says why.
    """

    __slots__ = ("_pattern", "max_length", "size")

    def __init__(self, pattern: str, *, ignorecase: bool = False, multiline: bool = False, at_start: bool = False):
        flags = ("i" if ignorecase else "") + ("m" if multiline else "")
        self._pattern = _compiled(pattern)
        if flags or at_start:
            # Compiled alone before, so that a bracket too many in it cannot close the one around it.
            self._pattern = _compiled(("\\A" if at_start else "") + f"(?{flags}:{pattern})")
        self.size = max(self._pattern.programsize, 1)
        if self.size > _MAX_SIZE:
            raise ValueError("This regular expression is too large: repeat less, for example {10} instead of {100}.")
        self.max_length = min(_MAX_LENGTH, _MAX_WORK // self.size)

    def is_in(self, text: bytes) -> bool:
        """Return whether a part of a text matches."""
        return self._pattern.search(text) is not None


def _compiled(pattern: str) -> Any:
    if re2 is None:
        raise ValueError(
            "Regular expressions need the Python package google-re2, which is not installed; write `glob`."
        )
    options = re2.Options()
    options.max_mem = _MAX_MEMORY
    options.log_errors = False
    options.never_capture = True
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        reason = error.args[0] if error.args else ""
        reason = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
        raise ValueError(f"This is not a regular expression of RE2: {' '.join(reason.split())[:120]}.") from None
