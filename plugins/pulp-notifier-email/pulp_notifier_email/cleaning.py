"""Makes text from outside safe to put into a mail: no controls, no escape sequences, nothing that looks encoded."""

import re
import unicodedata

LONGEST_SUBJECT = 120
"""Characters. Lists of mails show 60 to 70, telephones 30 to 40."""

# CSI sequences (ECMA-48, 5.4), OSC sequences with their text, and two-character escapes; what is left of an incomplete
# one is text. Each alternative begins with ESC or its 8-bit form, and none can match in two ways.
_ANSI = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]{0,64}[ -/]{0,8}[@-~]"
    r"|(?:\x1b\]|\x9d)[^\x07\x1b\x9c]{0,2000}(?:\x07|\x1b\\|\x9c)"
    r"|\x1b[@-Z\\^_]"
)
_SURROGATES = re.compile("[\ud800-\udfff]")
_BREAKS = re.compile("\r\n|[\r\x85\u2028\u2029]")
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
# Embeddings, overrides and isolates reorder what stands around them. Plain marks (U+200E, U+200F) do not.
_REORDERING = re.compile("[\u202a-\u202e\u2066-\u2069]")
_BIDI = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_BLANKS = re.compile(r"\s+")

_JOINER = "\u200d"


def clean_text(text: str) -> str:
    """Return text for the body of a mail: line ends are ``\\n``; no control characters but line ends and tabs.

    A surrogate would make the mail impossible to encode, and an escape sequence would be run by the reader's terminal.
    """
    text = _SURROGATES.sub("\ufffd", _ANSI.sub("", text))
    text = _BREAKS.sub("\n", text)
    return _REORDERING.sub("", _CONTROLS.sub("", text))


def clean_line(text: str) -> str:
    """Return text for a header: one line, without anything that a header cannot carry or a reader would decode."""
    text = _SURROGATES.sub("\ufffd", _ANSI.sub("", text))
    text = _BLANKS.sub(" ", _CONTROLS.sub(" ", _BREAKS.sub(" ", text)))
    text = _BIDI.sub("", text).strip()
    # Not an encoded word (RFC 2047), which readers, and some versions of Python, would decode: CVE-2024-6923.
    return text.replace("=?", "= ?")


def shortened(text: str, longest: int) -> str:
    """Return text of at most so many characters, with an ellipsis if it was cut; never inside a visible character."""
    if len(text) <= longest:
        return text
    end = longest - 1
    while end > longest // 2 and _belongs_together(text, end):
        end -= 1
    return text[:end].rstrip() + "\u2026"


def _belongs_together(text: str, end: int) -> bool:
    """Return whether the characters before and after a cut are shown as one."""
    following = text[end]
    if text[end - 1] == _JOINER or following == _JOINER or "\U0001f3fb" <= following <= "\U0001f3ff":
        return True
    if unicodedata.category(following) in ("Mn", "Me", "Mc"):
        return True
    return _is_regional(following) and _regional_before(text, end) % 2 == 1


def _regional_before(text: str, end: int) -> int:
    start = end
    while start and _is_regional(text[start - 1]):
        start -= 1
    return end - start


def _is_regional(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"
