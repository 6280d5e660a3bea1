"""Where in HTML a value is printed, and what makes it harmless there.

Escaping is enough between elements and in quotes. Elsewhere no escaping is: such a template is refused. Addresses and
styles are checked when they are printed.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from html import unescape

from markupsafe import escape

from .values import Escaped

_ADDRESSES = frozenset(
    ("href", "src", "action", "formaction", "background", "poster", "cite", "data", "longdesc", "ping", "srcset")
) | {"xlink:href", "manifest", "codebase", "classid", "usemap", "profile", "icon", "dynsrc", "lowsrc"}
_RAW = frozenset({"script", "style", "xmp", "iframe", "noembed", "noframes", "noscript", "plaintext"})
_ONLY_TEXT = frozenset({"title", "textarea"})

_SAFE_ADDRESS = re.compile(r"(?:https?://|mailto:|cid:|[/#?])", re.IGNORECASE)
_SAFE_STYLE = re.compile(r"[A-Za-z0-9#%., _-]*")
_CODE = re.compile(r"(?:javascript|vbscript|data):", re.IGNORECASE)
_END_OF_CODE = re.compile(r"(?:[a-z]*script|[dat]*):(?!//)", re.IGNORECASE)
"""What may end one of these schemes if its beginning is unknown."""

_IGNORED_IN_ADDRESSES = re.compile("[\x00-\x20]+")
_COMMENT_END = re.compile(r"--!?>")
_NAME_END = re.compile(r"[\s/>]")
_ATTRIBUTE_END = re.compile(r"[\s/>=]")
_UNQUOTED_END = re.compile(r"[\s>]")
_SCHEME_END = re.compile(r"[:/?#]")


_COMMENT = "<!--"


@dataclass(frozen=True, slots=True)
class Place:
    """A place in HTML.

    :ivar mode: ``text``, ``less`` (behind ``<``), ``name`` of an element, ``tag``, ``attribute``, ``spaced`` (behind
        an attribute), ``equals``, ``value``, ``unquoted``, ``comment``, ``declaration``, ``raw`` (inside script and
        the like) or ``only_text`` (inside title and the like).
    :ivar element: the element whose tag or content this is; a closing tag begins with ``/``.
    :ivar attribute: the attribute whose value this is.
    :ivar quote: around the value.
    :ivar written: whether an address has begun: ``""``, or ``open`` while it may still become a scheme, then
        ``settled``, or ``code`` if its scheme runs code. ``<!--`` at the beginning of a comment, and behind one in a
        script.
    """

    mode: str = "text"
    element: str = ""
    attribute: str = ""
    quote: str = ""
    written: str = ""

    def after(self, text: str) -> "Place":
        """Return the place behind some text of the template."""
        place, position = self, 0
        while position < len(text):
            place, position = _STEPS[place.mode](place, text, position)
        return place

    def after_value(self) -> "Place":
        """Return the place behind a printed value."""
        is_address = self.mode == "value" and self.attribute in _ADDRESSES
        return replace(self, written="settled") if is_address else self

    def meeting(self) -> "Place":
        """Return what must be the same at the end of every way through a tag of the template.

        Inside an HTML tag it does not matter whether an attribute was written.
        """
        return Place("tag", self.element) if self.mode in ("name", "attribute", "spaced") else self

    def problem(self) -> str | None:
        """Return why no value can be printed here, or None."""
        if self.mode in ("equals", "unquoted"):
            return "Put quotes around the value of the attribute: in HTML a value without quotes ends at a space."
        if self.mode == "raw":
            return f"Nothing can be printed inside <{self.element}>."
        if self.mode not in ("text", "value", "only_text"):
            return "Values can be printed between elements and in quoted attributes, not inside a tag or comment."
        if self.mode == "value" and (self.attribute.startswith("on") or self.attribute == "srcdoc"):
            return f"Nothing can be printed in the attribute {self.attribute}: it is code."
        if self.mode == "value" and self.written == "code":
            return "Nothing can be printed in an address that is code, such as javascript: or data:."
        if self.mode == "value" and self.attribute in _ADDRESSES and self.written == "open":
            return "Write the address up to its host, such as https://pulp.example.com/, or print all of it."
        return None

    def writer(self) -> Callable[[str], str]:
        """Return what makes a value harmless here."""
        if self.mode == "value" and self.attribute in _ADDRESSES and not self.written:
            return _as_address
        if self.mode == "value" and self.attribute == "style":
            return _as_style
        return as_html


def as_html(text: str) -> str:
    """Return a text escaped, if it is not HTML already."""
    return text if isinstance(text, Escaped) else str(escape(text))


def _as_address(text: str) -> str:
    address = text.strip()
    return as_html(Escaped(address) if isinstance(text, Escaped) else address) if _SAFE_ADDRESS.match(address) else "#"


def _as_style(text: str) -> str:
    return text if _SAFE_STYLE.fullmatch(text) else ""


Step = tuple[Place, int]


def _text(place: Place, text: str, position: int) -> Step:
    found = text.find("<", position)
    return (place, len(text)) if found < 0 else (Place("less"), found + 1)


def _less(place: Place, text: str, position: int) -> Step:
    sign = text[position]
    if sign.isascii() and sign.isalpha():
        return Place("name", place.element), position
    if place.element:
        return Place("declaration"), position  # an end tag without a name is a comment up to the next >
    if text.startswith("!--", position):
        return Place("comment", written=_COMMENT), position + 3
    if sign in "!?":
        return Place("declaration"), position + 1
    if sign == "/":
        return Place("less", "/"), position + 1
    return Place(), position


def _name(place: Place, text: str, position: int) -> Step:
    end = _NAME_END.search(text, position)
    stop = end.start() if end else len(text)
    named = replace(place, element=place.element + text[position:stop].lower())
    return (replace(named, mode="tag"), stop) if end else (named, stop)


def _tag(place: Place, text: str, position: int) -> Step:
    sign = text[position]
    if sign == ">":
        return _content(place.element), position + 1
    if sign.isspace() or sign == "/":
        return place, position + 1
    return replace(place, mode="attribute", attribute=""), position


def _content(element: str) -> Place:
    if element in _RAW:
        return Place("raw", element)
    return Place("only_text", element) if element in _ONLY_TEXT else Place()


def _attribute(place: Place, text: str, position: int) -> Step:
    end = _ATTRIBUTE_END.search(text, position + (not place.attribute))
    stop = end.start() if end else len(text)
    named = replace(place, attribute=place.attribute + text[position:stop].lower())
    if end is None:
        return named, stop
    return replace(named, mode="spaced"), stop


def _spaced(place: Place, text: str, position: int) -> Step:
    sign = text[position]
    if sign.isspace():
        return place, position + 1
    if sign == "=":
        return replace(place, mode="equals"), position + 1
    return Place("tag", place.element), position


def _equals(place: Place, text: str, position: int) -> Step:
    sign = text[position]
    if sign.isspace():
        return place, position + 1
    if sign in "\"'":
        return replace(place, mode="value", quote=sign, written=""), position + 1
    return replace(place, mode="unquoted"), position


def _value(place: Place, text: str, position: int) -> Step:
    end = text.find(place.quote, position)
    if end >= 0:
        return Place("tag", place.element), end + 1
    written = place.written
    if place.attribute in _ADDRESSES and written in ("", "open"):
        written = _address(written, text[position:])
    return replace(place, written=written), len(text)


def _address(written: str, text: str) -> str:
    """Return what is known of an address behind a part of it; browsers ignore blanks in its scheme."""
    begun = _IGNORED_IN_ADDRESSES.sub("", unescape(text))
    if (_END_OF_CODE if written else _CODE).match(begun):
        return "code"
    if _SCHEME_END.search(begun):
        return "settled"
    return "open" if text.strip() else written


def _unquoted(place: Place, text: str, position: int) -> Step:
    end = _UNQUOTED_END.search(text, position)
    return (Place("tag", place.element), end.start()) if end else (place, len(text))


def _comment(place: Place, text: str, position: int) -> Step:
    if place.written:
        for end_at_once in (">", "->"):
            if text.startswith(end_at_once, position):
                return Place(), position + len(end_at_once)
    end = _COMMENT_END.search(text, position)
    return (Place(), end.end()) if end else (Place("comment"), len(text))


def _declaration(place: Place, text: str, position: int) -> Step:
    end = text.find(">", position)
    return (place, len(text)) if end < 0 else (Place(), end + 1)


def _raw(place: Place, text: str, position: int) -> Step:
    if place.written:
        end = text.find("-->", position)
        return (replace(place, written=""), end + 3) if end >= 0 else (place, len(text))
    found = _raw_end(place.element).search(text, position)
    if found is None:
        return place, len(text)
    if found[0] == _COMMENT:
        # </script> may be content of the script until the comment ends.
        return replace(place, written=_COMMENT), found.end()
    return Place("tag", f"/{place.element}"), found.end()


@lru_cache
def _raw_end(element: str) -> re.Pattern[str]:
    comment = f"|{_COMMENT}" if element == "script" else ""
    return re.compile(rf"</{element}(?=[\s/>]){comment}", re.IGNORECASE | re.ASCII)


_STEPS: dict[str, Callable[[Place, str, int], Step]] = {
    "text": _text,
    "less": _less,
    "name": _name,
    "tag": _tag,
    "attribute": _attribute,
    "spaced": _spaced,
    "equals": _equals,
    "value": _value,
    "unquoted": _unquoted,
    "comment": _comment,
    "declaration": _declaration,
    "raw": _raw,
    "only_text": _raw,
}
