"""Keeps out of the log what a library writes there about an exchange.

urllib3 and http.client warn with the receiver's own bytes, up to megabytes for one answer. A failure already has a
reason of bounded length, so nothing is lost.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_quiet: ContextVar[bool] = ContextVar("quiet", default=False)


@contextmanager
def quiet_library(name: str) -> Iterator[None]:
    """Drop what the loggers of a library get from this thread within the block; other threads log as before.

    :param name: of the library's logger, such as ``urllib3``.
    """
    for logger in _loggers(name):
        logger.addFilter(_drop_if_quiet)  # adds it once
    token = _quiet.set(True)
    try:
        yield
    finally:
        _quiet.reset(token)


def _drop_if_quiet(record: logging.LogRecord) -> bool:
    return not _quiet.get()


def _loggers(name: str) -> list[logging.Logger]:
    # A filter does not apply to the loggers below it.
    known = list(logging.root.manager.loggerDict)
    return [logging.getLogger(each) for each in known if each == name or each.startswith(f"{name}.")]
