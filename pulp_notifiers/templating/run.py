"""One evaluation: the facts it sees and what it may still do."""

from collections.abc import Callable
from typing import Any

from ..errors import ExpressionFailed
from . import limits


class Run:
    """What one evaluation of a condition or template knows and has used up.

    Each operation announces its cost before it works, so that no single one can exceed the limits. Limits count work
    and never time: the same facts give the same result on every machine.

    :param names: facts by name, and the variables that a template has set.
    """

    __slots__ = ("characters", "iterations", "names", "output", "printed", "steps")

    def __init__(self, names: dict[str, Any]) -> None:
        self.names = names
        self.steps = limits.MAX_STEPS
        self.characters = limits.MAX_CHARACTERS
        self.iterations = limits.MAX_ITERATIONS
        self.output: list[str] = []
        self.printed = 0

    def step(self, count: int) -> None:
        """Use up steps: nodes that are evaluated, or items that are looked at."""
        self.steps -= count
        if self.steps < 0:
            raise ExpressionFailed(f"This needs more than {limits.MAX_STEPS:,} steps; look at less.")

    def read(self, length: int) -> None:
        """Use up the steps for looking through that many characters."""
        self.step(1 + length // limits.CHARACTERS_PER_STEP)

    def search(self, length: int, wanted: int) -> None:
        """Use up the steps for looking for a text in another; the worst case costs more with each character of it.

        :param length: of the text that is looked through.
        :param wanted: length of what is looked for; Python's search of more than 100 characters is linear.
        """
        self.step(1 + length * (8 + min(wanted, 100)) // 256)

    def make(self, length: int) -> None:
        """Use up the characters of a text that is about to be made."""
        if length > limits.MAX_TEXT:
            raise ExpressionFailed(f"A text would have {length:,} characters; at most {limits.MAX_TEXT:,} are allowed.")
        self.characters -= length
        if self.characters < 0:
            raise ExpressionFailed(f"The texts made here have more than {limits.MAX_CHARACTERS:,} characters.")
        self.step(1 + length // limits.CHARACTERS_PER_STEP)

    def iterate(self, rounds: int, nodes: int) -> None:
        """Use up the rounds of a loop with that many nodes in its body."""
        self.iterations -= rounds
        if self.iterations < 0:
            raise ExpressionFailed(f"The loops go round more than {limits.MAX_ITERATIONS:,} times.")
        self.step(rounds * nodes)

    def write(self, text: str) -> None:
        """Append to what the template prints."""
        self.printed += len(text)
        if self.printed > limits.MAX_TEXT:
            raise ExpressionFailed(f"The template prints more than {limits.MAX_TEXT:,} characters.")
        self.output.append(text)


Evaluate = Callable[[Run], Any]
"""A compiled expression."""
