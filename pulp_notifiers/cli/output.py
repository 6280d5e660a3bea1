"""What commands print: any text, in any encoding, without characters that control the terminal."""

import io
import os
import sys
from codecs import lookup
from pathlib import Path
from typing import Any, TextIO

import click

from .documents import printable

_LOSSLESS = "backslashreplace"
_NEVER_FAIL = frozenset({_LOSSLESS, "ignore", "namereplace", "replace", "xmlcharrefreplace"})
"""Error handlers that encode any text; a user may have chosen one with PYTHONIOENCODING."""


def prepare_output() -> None:
    """Make standard output and standard error accept all text, with escapes for what their encoding lacks."""
    sys.stdout = _prepared(sys.stdout)
    sys.stderr = _prepared(sys.stderr)


def echo(text: str = "", err: bool = False) -> None:
    """Print lines of text, with escapes for characters that could control a terminal."""
    click.echo("\n".join(map(printable, text.split("\n"))), err=err)


def shown(text: str) -> str:
    """Return text in one line, with the escapes that standard output will contain, so that it can be measured."""
    line = printable(text)
    stream = sys.stdout
    encoding = "ascii" if isinstance(stream, _AsciiOutput) else stream.encoding
    return line.encode(encoding, _handler(stream)).decode(encoding) if encoding else line


def discard_output() -> None:
    """Send standard output nowhere, so that the interpreter's last flush succeeds."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class _AsciiOutput(io.TextIOWrapper):
    """A stream of ASCII under another name, because click writes UTF-8 to one that is declared as ASCII."""

    def write(self, text: str, /) -> int:
        """Write text, with escapes for other characters."""
        super().write(text.encode("ascii", self.errors or _LOSSLESS).decode("ascii"))
        return len(text)


def _prepared(stream: Any) -> Any:
    if stream is None:  # the process was started without it (>&-)
        return Path(os.devnull).open("w", encoding="utf-8", errors=_LOSSLESS)
    if not isinstance(stream, io.TextIOWrapper) or isinstance(stream, _AsciiOutput):
        return stream
    stream.reconfigure(errors=_handler(stream))
    if lookup(stream.encoding).name != "ascii":
        return stream
    lines, at_once, errors = stream.line_buffering, stream.write_through, stream.errors
    return _AsciiOutput(stream.detach(), "latin-1", errors, line_buffering=lines, write_through=at_once)


def _handler(stream: TextIO) -> str:
    errors = stream.errors
    return errors if errors in _NEVER_FAIL else _LOSSLESS
