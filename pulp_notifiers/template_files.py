"""Templates as folders of files, a form that is pleasant to edit and to keep under version control.

::

    short-mail/
        template.json   {"notifier_type": "email", "description": "One line.", "event_types": ["task.#"]}
        subject.txt     a part whose value is text; .html does the same and helps editors
        text.txt
        headers.json    a part whose value is an object or list

One line break at the end of a text file is not part of the text, because editors add one.
"""

import json
import re
from collections.abc import Iterator, Mapping
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from .encoding import without_repeats
from .errors import InvalidTemplate
from .records import ANY_TYPE

ABOUT = "template.json"
"""The file that says for which notifier type a template is."""

MOST_FILES = 32
LONGEST_FILE = 256 * 1024
"""Characters; more than a template may have."""

_FACTS = ("notifier_type", "description", "event_types")
_PART = re.compile(r"([a-z][a-z0-9_]{0,31})\.(txt|html|json)")


def read_template(folder: Traversable) -> dict[str, Any]:
    """Return ``notifier_type``, ``description``, ``event_types`` and ``parts`` of the template in a folder.

    Without ``template.json`` the notifier type is None. Files whose names begin with a dot or end with ``~`` are left
    out.

    :raises InvalidTemplate: a file is not as described above; the problems have its name.
    :raises OSError: a file cannot be read.
    """
    files = [file for file in folder.iterdir() if not file.name.startswith(".") and not file.name.endswith("~")]
    if len(files) > MOST_FILES:
        raise InvalidTemplate({"": [f"There are {len(files)} files, and a template has at most {MOST_FILES}."]})
    found: dict[str, Any] = {"notifier_type": None, "description": "", "event_types": [ANY_TYPE]}
    parts: dict[str, Any] = {}
    problems: dict[str, list[str]] = {}
    for file in sorted(files, key=lambda each: each.name):
        try:
            if file.name == ABOUT:
                found.update(_facts(file))
            else:
                name, value = _part(file)
                if name in parts:
                    raise ValueError(f"The part {name} has another file; delete one of them.")
                parts[name] = value
        except ValueError as problem:
            problems[file.name] = [str(problem)]
    if problems:
        raise InvalidTemplate(problems)
    return {**found, "parts": parts}


def files_of(template: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield names and contents of the files from which :func:`read_template` returns this template."""
    yield ABOUT, _json({name: template[name] for name in _FACTS})
    for name, value in template["parts"].items():
        if isinstance(value, str):
            yield f"{name}.html" if name == "html" else f"{name}.txt", value + "\n"
        else:
            yield f"{name}.json", _json(value)


def write_template(folder: Path, template: Mapping[str, Any]) -> list[Path]:
    """Write a template's files into a folder, which is made if it does not exist; return their paths.

    Files of other parts are deleted: they would be read as parts of this template.

    :param template: has what :func:`read_template` returns.
    :raises OSError: one of them cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, content in files_of(template):
        path = folder / name
        path.write_text(content, encoding="utf-8", newline="\n")
        written.append(path)
    for path in folder.iterdir():
        if _PART.fullmatch(path.name) and path not in written:
            path.unlink()
    return written


def _facts(file: Traversable) -> dict[str, Any]:
    facts = _parsed(file)
    if not isinstance(facts, dict):
        raise ValueError('Write a JSON object, such as {"notifier_type": "email", "description": ""}.')
    unknown = sorted(facts.keys() - {*_FACTS})
    if unknown:
        raise ValueError(f"{', '.join(unknown)} is not known here; write only {', '.join(_FACTS)}.")
    types = facts.get("event_types", [])
    if not isinstance(types, list) or not all(isinstance(each, str) for each in types):
        raise ValueError('Write event_types as a list of texts, such as ["task.#"].')
    if not all(isinstance(facts.get(name, ""), str) for name in _FACTS[:2]):
        raise ValueError("Write notifier_type and description as texts.")
    return facts


def _part(file: Traversable) -> tuple[str, Any]:
    match = _PART.fullmatch(file.name)
    if match is None:
        raise ValueError(
            f"This is neither {ABOUT} nor the name of a part with .txt, .html or .json; delete it, or begin its name "
            "with a dot."
        )
    name, suffix = match.groups()
    return name, _parsed(file) if suffix == "json" else _text(file).removesuffix("\n")


def _parsed(file: Traversable) -> Any:
    try:
        return json.loads(_text(file), object_pairs_hook=without_repeats)
    except (ValueError, RecursionError) as problem:
        raise ValueError(f"This is not JSON: {problem}.") from None


def _text(file: Traversable) -> str:
    with file.open("r", encoding="utf-8") as reading:
        try:
            text: str = reading.read(LONGEST_FILE + 1)
        except UnicodeDecodeError:
            raise ValueError("This is not text in UTF-8.") from None
    if len(text) > LONGEST_FILE:
        raise ValueError(f"This is longer than {LONGEST_FILE} characters.")
    return text


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
