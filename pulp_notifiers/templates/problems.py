"""What is wrong with a template, and where."""

from collections.abc import Sequence
from dataclasses import dataclass

from ..errors import InvalidTemplate, PulpNotifiersError


@dataclass(frozen=True, slots=True)
class PartProblem:
    """What is wrong at one place of a template.

    :ivar part: such as ``subject``, ``headers.X-Id`` or ``json.fields.0.title``; empty for the template as a whole.
    :ivar line: counted from 1 within that text; None if no place is to blame. The same for the column.
    """

    part: str
    sentence: str
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        return f"{self.part}: {self.placed}" if self.part else self.placed

    @property
    def placed(self) -> str:
        """The sentence with line and column."""
        if self.line is None:
            return self.sentence
        place = f"Line {self.line}" if self.column is None else f"Line {self.line}, column {self.column}"
        return f"{place}: {self.sentence}"


class RenderFailed(PulpNotifiersError):
    """A template could not be rendered for an event."""

    def __init__(self, problem: PartProblem) -> None:
        super().__init__(str(problem))
        self.problem = problem


class InvalidParts(InvalidTemplate):
    """Parts of a template break rules.

    :ivar found: what is wrong, with its places.
    """

    def __init__(self, problems: Sequence[PartProblem]) -> None:
        by_field: dict[str, list[str]] = {}
        for each in problems:
            by_field.setdefault(f"parts.{each.part}" if each.part else "parts", []).append(each.placed)
        super().__init__(by_field)
        self.found = tuple(problems)
