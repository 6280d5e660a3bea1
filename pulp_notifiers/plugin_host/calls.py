"""Calls into plugins, which may fail in any way, and what their exceptions look like as text."""

import inspect
import re
import traceback
from collections.abc import Callable
from typing import Any, TypeVar

from pydantic import ValidationError

from ..errors import InvalidConfig, InvalidSource, PluginUnavailable
from ..options import problems_of

ResultT = TypeVar("ResultT")

UNPRINTABLE = re.compile("[\x00-\x1f\x7f\ud800-\udfff]+")
"""What PostgreSQL, UTF-8 or a line of a log cannot hold."""

_LONGEST_REASON = 2000  # characters; a server's whole error page would be no sentence


def guarded(work: Callable[[], ResultT], what: str, unavailable: Callable[[str], PluginUnavailable]) -> ResultT:
    """Return what a plugin's function returns; whatever it raises means that the plugin cannot be used.

    :param what: names the function, for people.
    :param unavailable: makes the error of a sentence.
    """
    try:
        return work()
    except (InvalidConfig, InvalidSource, KeyboardInterrupt):
        raise
    except BaseException as failure:  # a plugin may raise anything, and must not disturb the rest
        # Not the text of a ValidationError, which repeats values that may be secret.
        text = "; ".join(problems_of(failure).values()) if isinstance(failure, ValidationError) else error_text(failure)
        raise unavailable(f"{what} failed: {type(failure).__name__}: {text}".rstrip(": ")) from failure


def error_text(failure: BaseException) -> str:
    """Return what an exception says, whatever it does when it is asked."""
    try:
        return str(failure)
    except Exception:  # noqa: BLE001  an exception of a plugin that cannot even be printed
        return "it cannot be printed"


def described_error(failure: BaseException) -> str:
    """Return the class of an exception that nobody foresaw, and what it says."""
    return f"{type(failure).__name__}: {error_text(failure)}".rstrip(": ")


def stack_of(failure: BaseException) -> str:
    """Return where an exception comes from, without its own text, which may hold secrets."""
    return "".join(traceback.format_tb(failure.__traceback__))


def one_line(text: str) -> str:
    """Return what a plugin said as it may be kept and logged."""
    return UNPRINTABLE.sub(" ", text)[:_LONGEST_REASON]


def require_parameters(function: Callable[..., Any], count: int, form: str) -> None:
    """Check that a function can be called with so many arguments.

    :raises TypeError: it cannot; the text shows the form that it must have.
    """
    signature = inspect.signature(function)
    try:
        signature.bind(*range(count), **{name: 1 for name in signature.parameters if name == "attempt"})
    except TypeError:
        raise TypeError(f"{function!r} cannot be called as {form}") from None
