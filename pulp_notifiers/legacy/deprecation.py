"""Deprecation warnings."""

import threading
import warnings
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

_warned: set[str] = set()
_lock = threading.Lock()


def deprecated(instead: str) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Decorate a function so that its first call in this process issues a ``DeprecationWarning``.

    :param instead: the replacement.
    """

    def decorate(function: Callable[P, T]) -> Callable[P, T]:
        @wraps(function)
        def warning(*arguments: P.args, **keywords: P.kwargs) -> T:
            if _first_use(function.__qualname__):
                text = f"{function.__qualname__} is deprecated since Pulp 2.7; use {instead} instead."
                warnings.warn(text, DeprecationWarning, stacklevel=2)
            return function(*arguments, **keywords)

        return warning

    return decorate


def _first_use(name: str) -> bool:
    with _lock:
        first = name not in _warned
        _warned.add(name)
        return first
