"""Texts: templates that are rendered with the facts of an event."""

import re
from enum import StrEnum
from typing import Any

from ..errors import ExpressionFailed, InvalidExpression
from . import limits
from .cache import Cache
from .facts import TEMPLATE_NAMES
from .paths import Path, paths_of
from .run import Run
from .source import Source
from .statements import StatementCompiler, Write

_MAX_CACHED_NODES = 300_000

_CONTROLS = re.compile("[\x00-\x20\x7f-\x9f\u2028\u2029]+")
_INVISIBLE = re.compile("[\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_SURROGATES = re.compile("[\ud800-\udfff]")


class TextForm(StrEnum):
    """What a rendered text is used as.

    ``text`` is printed as it is. In ``html`` every printed value is escaped. A ``line`` is one line for a header, a
    subject or a routing key.
    """

    TEXT = "text"
    HTML = "html"
    LINE = "line"


class CompiledText:
    """A compiled template. Threads may share it.

    :ivar text: as it was written.
    :ivar form: what it is used as.
    :ivar paths: the facts that it reads.
    :ivar nodes: its size.
    """

    __slots__ = ("_body", "form", "nodes", "paths", "text")

    def __init__(self, text: str, form: TextForm, body: list[Write], paths: tuple[Path, ...], nodes: int) -> None:
        self.text = text
        self.form = form
        self.paths = paths
        self.nodes = nodes
        self._body = body

    def render(self, facts: dict[str, Any]) -> str:
        """Return the text for these facts, which must be plain JSON values.

        :raises ExpressionFailed: it cannot be rendered.
        """
        run = Run(dict(facts))
        try:
            for write in self._body:
                write(run)
        except ExpressionFailed:
            raise
        except RecursionError:
            raise ExpressionFailed("A value is nested too deeply.") from None
        except Exception as error:
            raise ExpressionFailed(f"The template failed unexpectedly ({type(error).__name__}).") from error
        text = _SURROGATES.sub("\ufffd", "".join(run.output))
        return _as_line(text) if self.form is TextForm.LINE else text

    def __repr__(self) -> str:
        return f"CompiledText({self.text!r}, {self.form})"


def _as_line(text: str) -> str:
    """Return a text as one line that is safe in a header.

    Control characters and line breaks become spaces, and signs that change the direction of writing vanish.
    ``=?`` is broken up, because Python's mail package and mail clients decode an encoded word wherever it stands, line
    breaks included (CVE-2024-6923).
    """
    line = _CONTROLS.sub(" ", _INVISIBLE.sub("", text)).strip()
    return line.replace("=?", "= ?")[: limits.MAX_LINE].rstrip()


_CACHE: Cache[CompiledText] = Cache(_MAX_CACHED_NODES)


def compile_text(text: str, form: TextForm) -> CompiledText:
    """Return a compiled template; nothing is rendered yet.

    :raises InvalidExpression: it is not an allowed template.
    """
    return _CACHE.get((text, form, limits.POLICY_VERSION), lambda: compiled_anew(text, form))


def compiled_anew(text: str, form: TextForm) -> CompiledText:
    """Return a compiled template, past the cache."""
    source = Source(text, limits.MAX_TEMPLATE_LENGTH)
    template = source.template()
    compiler = StatementCompiler(source, TEMPLATE_NAMES, is_html=form is TextForm.HTML)
    try:
        body = compiler.compile(template)
    except RecursionError:
        raise InvalidExpression("This is nested too deeply; split it.", 1, 1) from None
    return CompiledText(text, form, body, paths_of(template, source, is_condition=False), compiler.count)
