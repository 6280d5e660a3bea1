"""Calls of plugins, which may fail in any way, and exceptions as text."""

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
"""What PostgreSQL, UTF-8 or a line of a log cannot contain."""

_FURTHER_ARGUMENTS = frozenset({"attempt", "context"})

_LONGEST_REASON = 2000  # characters; a plugin may quote a server's whole error page


def guarded(work: Callable[[], ResultT], what: str, unavailable: Callable[[str], PluginUnavailable]) -> ResultT:
    """Return what a plugin's function returns; any exception means that the plugin cannot be used.

    :param what: names the function, for people.
    :param unavailable: makes the error from a sentence.
    """
    try:
        return work()
    except (InvalidConfig, InvalidSource, KeyboardInterrupt):
        raise
    except BaseException as failure:  # a plugin may raise anything, and must not break the rest
        # Not the text of a ValidationError, which quotes values that may be secret.
        text = "; ".join(problems_of(failure).values()) if isinstance(failure, ValidationError) else error_text(failure)
        raise unavailable(f"{what} failed: {type(failure).__name__}: {text}".rstrip(": ")) from failure


def error_text(failure: BaseException) -> str:
    """Return the text of an exception, even if it cannot be printed."""
    try:
        return str(failure)
    except Exception:  # noqa: BLE001  a plugin's exception whose __str__ raises
        return "it cannot be printed"


def described_error(failure: BaseException) -> str:
    """Return the class and the text of an unexpected exception."""
    return f"{type(failure).__name__}: {error_text(failure)}".rstrip(": ")


def stack_of(failure: BaseException) -> str:
    """Return the stack of an exception without its text, which may contain secrets."""
    return "".join(traceback.format_tb(failure.__traceback__))


def one_line(text: str) -> str:
    """Return a plugin's text as one line that can be stored and logged."""
    return UNPRINTABLE.sub(" ", text)[:_LONGEST_REASON]


def not_installed(noun: str, plugin_type: object) -> str:
    """Return the sentence that no plugin of a type is installed.

    :param noun: what the type names, such as ``notifier``.
    """
    return f"No {noun} {plugin_type!r} is installed."


def further_arguments(function: Callable[..., Any]) -> frozenset[str]:
    """Return which of the keyword arguments ``attempt`` and ``context`` a plugin's ``send`` takes."""
    return _FURTHER_ARGUMENTS & inspect.signature(function).parameters.keys()


def require_parameters(function: Callable[..., Any], count: int, form: str) -> None:
    """Check that a function can be called with a number of arguments.

    :raises TypeError: it cannot; the text shows how it is called.
    """
    try:
        inspect.signature(function).bind(*range(count), **dict.fromkeys(further_arguments(function)))
    except TypeError:
        raise TypeError(f"{function!r} cannot be called as {form}") from None
