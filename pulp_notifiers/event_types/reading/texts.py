"""Texts of events as people may see them: without what controls a terminal or hides a word, and without passwords."""

import re
from unicodedata import combining

LONGEST = 300
"""Characters of a text in a sentence or a table."""

_ANSI = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]{0,64}[ -/]{0,16}[@-~]"  # colours and cursor movements
    r"|(?:\x1b\]|\x9d)[^\x07\x1b\x9c]{0,2000}(?:\x07|\x1b\\|\x9c)"  # titles and links
    r"|\x1b[@-Z\\-_]"
)
_BREAKS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
# Characters without a form of their own, except the two that join letters: bidirectional controls, soft hyphens, tags.
_INVISIBLE = re.compile(
    "[\xad\u0600-\u0605\u061c\u06dd\u070f\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f]"
)
_NO_CHARACTER = re.compile("[\ud800-\udfff\ufffe\uffff]")
_JOINERS = "\u200c\u200d"

MASK = "*****"

_SCHEME = r"\b[a-z][a-z0-9+.-]{0,20}://"
_USERINFO = re.compile(rf"({_SCHEME})[^\s/?#'\"<>]*@", re.IGNORECASE)
# A password with a slash, which makes no valid URL. What follows the colon is then not a port.
_BROKEN_USERINFO = re.compile(rf"({_SCHEME}[^\s/@:]*:)(?!\d{{1,5}}(?:[/?#]|\b))[^\s@]{{0,300}}@", re.IGNORECASE)
_SECRET_NAME = r"[a-z0-9_-]{0,40}(?:passw(?:or)?d|passphrase|secret|token|api_?key|credentials?|signature)"
_SECRET_KEY = re.compile(rf"{_SECRET_NAME}|authorization|cookie|private_?key", re.IGNORECASE)
_NAMED = re.compile(
    rf"(?<![a-z0-9_-])({_SECRET_NAME}\\*['\"]?\s{{0,9}}[:=]\s{{0,9}}\\*['\"]?)[^\s'\",;&}}]+", re.IGNORECASE
)
_HEADER = re.compile(
    r"\b(authorization\\*['\"]?\s{0,9}[:=]\s{0,9}\\*['\"]?(?:(?:basic|bearer|token|digest)\s{1,9})?)[^\s'\",;}]+",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"'[^']{0,80}'|\"[^\"]{0,80}\"")  # the text of a KeyError
_HTTP_ERROR = re.compile(r"(\d{3}), message=(?:'([^']*)'|\"([^\"]*)\"), url=(?:URL\()?['\"]?([^'\")]*)['\"]?\)?")


def line(text: str, limit: int = LONGEST) -> str:
    """Return a text in one line, cleaned, without passwords, and shortened to a number of characters."""
    return shortened(masked(" ".join(_cleaned(text[: _read(limit)]).split())), limit)


def indented_line(text: str, limit: int = LONGEST) -> str:
    """Return one line of a text with its indentation."""
    kept = text[: _read(limit)].replace("\t", "    ").rstrip()
    indentation = min(len(kept) - len(kept.lstrip(" ")), limit // 2)
    return " " * indentation + line(kept, limit - indentation)


def first_line(text: str, limit: int = LONGEST) -> str:
    """Return the first line of a text that is not blank; empty if there is none."""
    # Only those that break lines on paper: a form feed or NUL inside a line may hide what follows.
    lines = re.split(r"\r\n?|\n|\u2028|\u2029", text.lstrip()[: _read(limit)])
    return next(filter(None, (line(one, limit) for one in lines)), "")


def readable_error(text: str) -> str:
    """Return the first line of an error; those of aiohttp, which Pulp 3 reports as they are, in a readable form."""
    found = first_line(text)
    if _QUOTED.fullmatch(found):
        return f"The error says only {found}; its traceback may say more."
    match = _HTTP_ERROR.fullmatch(found)
    if match is None:
        return found
    status, single, double, url = match.groups()
    phrase = single or double or ""
    return shortened(f"HTTP {status}{phrase and f' {phrase}'}: {url}", LONGEST)


def masked(text: str) -> str:
    """Return a text with ``*****`` in place of users and passwords in URLs, and of other credentials."""
    if ":" not in text and "=" not in text:
        return text
    if "@" in text:
        text = _BROKEN_USERINFO.sub(rf"\1{MASK}@", _USERINFO.sub(rf"\1{MASK}@", text))
    return _NAMED.sub(rf"\1{MASK}", _HEADER.sub(rf"\1{MASK}", text))


def names_secret(key: str) -> bool:
    """Return whether a key names a secret, so that its value must not be shown."""
    return _SECRET_KEY.search(key[:200]) is not None


def shortened(text: str, limit: int) -> str:
    """Return a text cut to a number of characters, with an ellipsis; never before an accent or after a joiner."""
    if len(text) <= limit:
        return text
    end = limit - 1
    while end > limit // 2 and (combining(text[end]) or text[end] in _JOINERS or text[end - 1] in _JOINERS):
        end -= 1
    return f"{text[:end].rstrip()}…"


def _read(limit: int) -> int:
    """Return how many characters of a text are looked at, of which some will not be shown."""
    return 4 * limit + 500


def _cleaned(text: str) -> str:
    if text.isascii() and text.isprintable():
        return text
    text = _ANSI.sub("", text)
    return _NO_CHARACTER.sub("\ufffd", _INVISIBLE.sub("", _BREAKS.sub(" ", text)))
