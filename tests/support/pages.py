"""The pages of the documentation as text, including what their directives generate."""

import ast
import re
import shlex
import sys
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path

from pydantic import BaseModel

from pulp_notifiers.plugin_host import NotifierRegistry

ROOT = Path(__file__).parent.parent.parent
DOCS = ROOT / "docs"

sys.path.insert(0, str(DOCS / "_ext"))

import reference_text  # noqa: E402

PAGES = {path.stem: path for path in sorted(DOCS.glob("*.rst"))}
LEGACY_PAGE = ROOT / "pulp_notifiers" / "rest" / "pages" / "legacy.rst"
SOURCES = [*PAGES.values(), ROOT / "README.rst", LEGACY_PAGE]
"""Every text that is written for readers."""

_BLOCK = re.compile(r"^( *)\.\. code-block:: (\w+)\n\n((?:\1   .*\n|\n)+)", re.MULTILINE)
_DIRECTIVE = re.compile(r"^\.\. ([a-z-]+)::[ ]*(.*)$", re.MULTILINE)


@cache
def expanded(page: str) -> str:
    """Return the text of a page and what its directives generate."""
    text = PAGES[page].read_text(encoding="utf-8")
    return text + "".join("\n".join(_generated(*found)) for found in _DIRECTIVE.findall(text))


def directives(page: str, name: str) -> list[str]:
    """Return the arguments of every directive of this name."""
    return [argument for found, argument in _DIRECTIVE.findall(PAGES[page].read_text("utf-8")) if found == name]


@cache
def sections() -> dict[str, type[BaseModel]]:
    """Return the model of every section of the configuration file, found by its docstring."""
    found = {}
    for path in [*ROOT.glob("pulp_notifiers/**/*.py"), *ROOT.glob("plugins/*/pulp_*/*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            section = isinstance(node, ast.ClassDef) and re.match(
                r"The section ``\[(\w+)\]``", ast.get_docstring(node) or ""
            )
            if section:
                places = path.relative_to(ROOT).with_suffix("").parts
                module = import_module(".".join(places[2:] if places[0] == "plugins" else places))
                found[section[1]] = getattr(module, node.name)
    return found


def blocks(path: Path, *languages: str) -> list[str]:
    """Return the code blocks of these languages in a file."""
    return blocks_of(path.read_text(encoding="utf-8"), *languages)


def blocks_of(text: str, *languages: str) -> list[str]:
    """Return the code blocks of these languages in the text of a page."""
    found = _BLOCK.finditer(text)
    return [
        "\n".join(line.removeprefix(f"{match[1]}   ") for line in match[3].rstrip("\n").split("\n"))
        for match in found
        if match[2] in languages
    ]


def command_lines(path: Path) -> Iterator[list[str]]:
    """Yield every command line of a page as words; a pipe yields each of its commands."""
    for block in blocks(path, "sh", "console"):
        prompted = "$ " in block
        lines = [line.removeprefix("$ ") for line in block.split("\n") if line.startswith("$ ") or not prompted]
        lexer = shlex.shlex("\n".join(lines).replace("\\\n", " "), posix=True, punctuation_chars="|;\n")
        lexer.whitespace = " \t"
        lexer.whitespace_split = True
        words: list[str] = []
        for word in lexer:
            if set(word) <= set("|;\n"):
                yield words
                words = []
            else:
                words.append(word)
        yield words


def _generated(directive: str, argument: str) -> list[str]:
    words = argument.split()
    match directive:
        case "settings":
            module, _, name = words[1].partition(":")
            return reference_text.setting_lines(words[0], getattr(import_module(module), name))
        case "notifier-settings":
            notifier = NotifierRegistry().get(words[0]).notifier
            return reference_text.setting_lines(notifier.settings_section, notifier.Settings)
        case "notifier-options":
            return reference_text.option_lines(words[0], NotifierRegistry().get(words[0]).notifier.Config)
        case "command":
            return reference_text.command_lines(argument)
    return []
