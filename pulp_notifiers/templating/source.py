"""The text of a condition or template, and Jinja's parser, which says where in the text each node is."""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from typing import NoReturn, TypeVar

from jinja2 import TemplateSyntaxError, nodes
from jinja2.lexer import Token, TokenStream, newline_re
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment

from ..errors import InvalidExpression
from . import limits
from .grammar import sentence_of
from .nearest import shown

Parsed = TypeVar("Parsed", bound=nodes.Node)


class _Environment(ImmutableSandboxedEnvironment):
    """Jinja's settings, of which only the parser is used: nothing is ever compiled or run by Jinja.

    In place of its line each token gets its offset in the text, so that errors and nodes have a column too.
    """

    def _tokenize(
        self, source: str, name: str | None, filename: str | None = None, state: str | None = None
    ) -> TokenStream:
        tokens = list(self.lexer.wrap(_with_offsets(self, source, state)))
        return TokenStream(iter(tokens), name, filename)


class _Misplaced(TemplateSyntaxError):
    """The lexer refused the text; ``lineno`` is the offset."""


def _with_offsets(environment: _Environment, source: str, state: str | None) -> Iterator[tuple[int, str, str]]:
    offset = 0
    count = depth = 0
    tokens = environment.lexer.tokeniter(source, None, None, state)
    while True:
        try:
            _, kind, text = next(tokens)
        except StopIteration:
            return
        except TemplateSyntaxError as error:
            raise _Misplaced(error.message or "", _first_visible(source, offset)) from error
        # The lexer leaves out nothing but white space, so the next occurrence is the token itself.
        offset = source.find(text, offset)
        if kind == "operator":
            depth += (text in ("(", "[", "{")) - (text in (")", "]", "}"))
            if depth > limits.MAX_BRACKETS:
                raise _Misplaced(f"More than {limits.MAX_BRACKETS} brackets are open here.", offset)
        if kind != "whitespace":
            count += 1
            if count > limits.MAX_TOKENS:
                raise _Misplaced(f"There are more than {limits.MAX_TOKENS:,} words and signs.", offset)
        yield offset, kind, text
        offset += len(text)


def _first_visible(source: str, offset: int) -> int:
    while offset < len(source) and source[offset].isspace():
        offset += 1
    return offset


_ENVIRONMENT = _Environment(trim_blocks=True, lstrip_blocks=True, cache_size=0, optimized=False)
"""Never changed, so that threads can share it."""


class Source:
    """The text of a condition or template.

    :ivar text: with its line breaks as ``\\n``.
    """

    def __init__(self, text: str, max_length: int) -> None:
        if len(text) > max_length:
            raise InvalidExpression(
                f"This has {len(text):,} characters; at most {max_length:,} are allowed.", 1, max_length + 1
            )
        self.text = "\n".join(newline_re.split(text)[::2])
        self._starts = [0, *(found.end() for found in re.finditer("\n", self.text))]

    def place(self, offset: int) -> tuple[int, int]:
        """Return line and column of an offset, counted from 1."""
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1

    def refuse(self, where: nodes.Node | int, sentence: str) -> NoReturn:
        """Raise InvalidExpression for a node or an offset."""
        offset = where if isinstance(where, int) else _offset(where)
        raise InvalidExpression(sentence, *self.place(offset))

    def template(self) -> nodes.Template:
        """Parse the text as a template."""
        return self._parsed(lambda: Parser(_ENVIRONMENT, self.text).parse(), is_condition=False)

    def expression(self) -> nodes.Expr:
        """Parse the text as one expression."""
        if not self.text.strip():
            self.refuse(0, "The condition is empty; write for example: payload.result == 'failed'.")
        if self.text.lstrip().startswith(("{{", "{%")):
            self.refuse(0, "Write the condition without braces.")

        def parse() -> nodes.Expr:
            parser = Parser(_ENVIRONMENT, self.text, state="variable")
            node = parser.parse_expression()
            if not parser.stream.eos:
                self._unexpected(parser.stream.current)
            return node

        return self._parsed(parse, is_condition=True)

    def _unexpected(self, token: Token) -> NoReturn:
        word = self.text[token.lineno :].split(maxsplit=1)[0] if token.lineno < len(self.text) else ""
        if token.type == "assign":
            self.refuse(token.lineno, "`=` does not compare; write == here.")
        self.refuse(token.lineno, f"The expression should end before `{shown(word)}`; `and` or `or` may be missing.")

    def _parsed(self, parse: Callable[[], Parsed], is_condition: bool) -> Parsed:
        try:
            return parse()
        except TemplateSyntaxError as error:
            self.refuse(min(error.lineno, len(self.text)), sentence_of(error.message or "", is_condition))
        except RecursionError:
            self.refuse(0, "This is nested too deeply; split it.")
        except ValueError:  # int() refuses numbers of more than 4,300 digits
            self.refuse(0, f"A number is too large; at most {limits.MAX_INTEGER} is allowed.")


def _offset(node: nodes.Node) -> int:
    """Return where a node is; the parser leaves the place of some out, but not that of what is inside."""
    inside = (found.lineno for found in node.find_all(nodes.Node))
    return next((offset for offset in (node.lineno, *inside) if offset is not None), 0)
