"""References to the contract with Pulp 2 lead to sections of ``docs/pulp-2-contract.rst``."""

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from tests.support.pages import DOCS, ROOT

PAGE = (DOCS / "pulp-2-contract.rst").read_text(encoding="utf-8")
NO_NUMBER = "no number"

_GAP = r"\s+(?:#\s*)?"  # a reference may continue in the next line of a comment
_NUMBER = r"(?:Q\d+|\d+(?:\.\d+)*)\b"
_JOINT = rf"(?:,?{_GAP}(?:and|or|to){_GAP}|[,;]{_GAP}|\s*-\s*)"
_REFERENCE = re.compile(
    rf"\b(?:CONTRACT\b|[Cc]ontract(?=:?{_GAP}(?:sections?{_GAP})?\d)):?(?:,?{_GAP}sections?)?"
    rf"(?P<numbers>(?:{_GAP}{_NUMBER}(?:{_JOINT}{_NUMBER})*)?)"
    rf"|\bQ\d+\b"
)
_LABEL = re.compile(r"^\.\. _contract-([\w-]+):$", re.MULTILINE)
_HEADING = re.compile(r"^(\d+(?:\.\d+)*) [^\n]+\n(?:-+|~+)$|^\*\*(Q\d+)\. ", re.MULTILINE)
_LABELLED_HEADING = re.compile(rf"{_LABEL.pattern}\n\n(?:{_HEADING.pattern})", re.MULTILINE)


def references(text: str) -> Iterator[tuple[int, str]]:
    """Yield line and number of every reference to the contract; a range yields all its numbers."""
    for found in _REFERENCE.finditer(text):
        line = text.count("\n", 0, found.start()) + 1
        numbers = found.group() if found["numbers"] is None else found["numbers"]
        for number in _numbers(numbers) or [NO_NUMBER]:
            yield line, number


def _numbers(text: str) -> list[str]:
    numbers = re.findall(_NUMBER, text)
    joints = re.findall(rf"{_JOINT}(?={_NUMBER})", text)
    found = numbers[:1]
    for (first, last), joint in zip(pairwise(numbers), joints, strict=True):
        found += _range(first, last) if re.search("to|-", joint) else [last]
    return found


def _range(first: str, last: str) -> list[str]:
    """Return the numbers after the first up to the last."""
    start, end = re.fullmatch(r"(.*?)(\d+)", first), re.fullmatch(r"(.*?)(\d+)", last)
    assert start, first
    assert end, last
    if start[1] != end[1]:
        return [last]
    return [f"{end[1]}{number}" for number in range(int(start[2]) + 1, int(end[2]) + 1)]


def label(number: str) -> str:
    """Return the label of a section or entry."""
    return number.lower().replace(".", "-")


def sources() -> list[Path]:
    """Return every file whose references are checked, without this one, which has wrong ones on purpose."""
    folders = [path for path in ROOT.iterdir() if path.is_dir() and path.name[0] != "." and path.name != "build"]
    files = [*ROOT.iterdir(), *(file for folder in folders for file in folder.rglob("*"))]
    return sorted(file for file in files if file.suffix in (".py", ".rst") and file != Path(__file__))


def test_every_reference_to_the_contract_has_its_section() -> None:
    """References in code, plugins, tests and docs are checked."""
    labels = set(_LABEL.findall(PAGE))

    found = [
        (f"{path.relative_to(ROOT)}:{line}", number)
        for path in sources()
        for line, number in references(path.read_text(encoding="utf-8"))
    ]
    wrong = [f"{place} refers to {number}" for place, number in found if label(number) not in labels]

    assert [] == wrong, "\n".join(["Not in docs/pulp-2-contract.rst:", *wrong])
    assert len({place for place, _ in found if not place.startswith("docs/")}) > 30, "the references are not found"


def test_every_label_stands_above_the_heading_with_its_number() -> None:
    """No label lacks a heading, no numbered heading lacks a label, and none is there twice."""
    labels = _LABEL.findall(PAGE)

    assert labels == [label(number or entry) for number, entry in _HEADING.findall(PAGE)]
    assert labels == [name for name, number, entry in _LABELLED_HEADING.findall(PAGE) if name == label(number or entry)]
    assert len(labels) == len(set(labels))


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("(CONTRACT 1.7).", ["1.7"]),
        ("CONTRACT 1.5.", ["1.5"]),
        ("CONTRACT 6; and it may pass.", ["6"]),
        ("CONTRACT 2.3, 2.5 and 6", ["2.3", "2.5", "6"]),
        ("CONTRACT 1.3, 1.4, and 1.5", ["1.3", "1.4", "1.5"]),
        ("CONTRACT 1.4 to 1.6", ["1.4", "1.5", "1.6"]),
        ("CONTRACT 1.4-1.6", ["1.4", "1.5", "1.6"]),
        ("CONTRACT 1.8 to 2.2 and 4", ["1.8", "2.2", "4"]),
        ("CONTRACT 7, Q2", ["7", "Q2"]),
        ("CONTRACT Q14 to Q16", ["Q14", "Q15", "Q16"]),
        ("it was always text (Q6), see Q9", ["Q6", "Q9"]),
        ("CONTRACT section 3.4", ["3.4"]),
        ("CONTRACT, sections 3.4 and 3.5", ["3.4", "3.5"]),
        ("Contract: section 4.2, with a date", ["4.2"]),
        ("the contract 1.3 says", ["1.3"]),
        ("# as it was (CONTRACT\n    # 7,\n    # Q23)", ["7", "Q23"]),
        ("CONTRACT.md, and CONTRACT n.n", [NO_NUMBER, NO_NUMBER]),
        ("the contract with Pulp 2, 3 contracts, CONTRACTS, FAQ1", []),
    ],
)
def test_references_are_found_in_every_form(text: str, numbers: list[str]) -> None:
    """A number that is not found would never be checked."""
    assert numbers == [number for _, number in references(text)]


def test_a_reference_is_reported_with_its_line() -> None:
    """So a wrong one is easy to find."""
    assert [(1, "Q1"), (3, "1.2")] == list(references("Q1\n\nCONTRACT\n1.2"))


@pytest.mark.parametrize("number", ["1.9", "1.10", "8", "Q0", "Q41", NO_NUMBER])
def test_a_wrong_number_has_no_label(number: str) -> None:
    """So the first test can fail."""
    assert label(number) not in _LABEL.findall(PAGE)
