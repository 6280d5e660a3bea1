"""The recipes of the cookbook: the commands that it prints, and the files that it shows."""

import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.support.pages import PAGES, blocks_of

_TITLE = re.compile(r"^(?P<title>[^\n]+)\n-{3,}\n", re.MULTILINE)
_SHOWN = re.compile(r"^\.\. (?:literalinclude|figure):: (\S+)$", re.MULTILINE)
_TIMEOUT_SECONDS = 60.0


@dataclass(frozen=True)
class Recipe:
    """A section of the page.

    :ivar scripts: its shell blocks, as a reader copies them.
    :ivar dialogues: for each command of its console blocks, what it prints.
    :ivar shown: the names of the files that show what arrives.
    """

    title: str
    scripts: tuple[str, ...]
    dialogues: Mapping[str, str]
    shown: tuple[str, ...]


@cache
def recipes() -> Mapping[str, Recipe]:
    """Return the recipes by title, in the order of the page."""
    _, *parts = _TITLE.split(PAGES["cookbook"].read_text(encoding="utf-8"))
    return {title: _recipe(title, text) for title, text in zip(parts[::2], parts[1::2], strict=True)}


def run(script: str, folder: Path, environ: Mapping[str, str], typed: str = "") -> str:
    """Run a script in a shell, as a reader does, and return what it prints.

    :param typed: the answers to its questions.
    """
    command = ["bash", "-euo", "pipefail", "-c", script]
    ended = subprocess.run(
        command,
        cwd=folder,
        env={**environ},
        input=typed,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=_TIMEOUT_SECONDS,
        check=False,
    )
    assert 0 == ended.returncode, f"{script}\n{ended.stdout}"
    return ended.stdout


def _recipe(title: str, text: str) -> Recipe:
    console = "\n".join(blocks_of(text, "console"))
    dialogues = dict(re.findall(r"^\$ (.+)\n((?:(?!\$ ).*\n?)*)", console, re.MULTILINE))
    return Recipe(title, tuple(blocks_of(text, "sh")), dialogues, tuple(_SHOWN.findall(text)))
