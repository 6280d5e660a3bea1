"""Why the database refused a transaction, in one line that says what to do if that is known."""

import sqlite3
from typing import Any

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

_LONGEST_REASON = 300

_BY_STATE = {
    "55P03": "another process holds a lock for too long: end its transaction, or stop the other services that use "
    "this database, and try again",
    "57014": "a statement took longer than [notifiers] database_timeout_seconds, or waited that long for a lock; see "
    "whether the server is overloaded",
}
_NO_TRANSACTIONS = "pgbouncer allows no transactions: set its pool_mode to transaction or session"
_BUSY = "the database file is locked: another process is writing for too long; find it with fuser, and end what it does"
_SILENT = "{}: see whether its server is stopped, frozen, overloaded or cut off from the network"


class CommitUnknown(Exception):
    """The connection broke during the commit: perhaps all was written, perhaps nothing. The cause says why."""


def driver_error(error: BaseException) -> Any:
    """Return the driver's own error."""
    if isinstance(error, CommitUnknown) and error.__cause__ is not None:
        return driver_error(error.__cause__)
    return error.orig if isinstance(error, DBAPIError) else error


def no_answer(error: BaseException) -> bool:
    """Return whether an error comes from waiting in vain, so that waiting again would only take as long."""
    raised = driver_error(error)
    return isinstance(error, PoolTimeout) or _is_busy(raised) or _is_silent(raised)


def reason_of(error: BaseException) -> str:
    """Return why the database refused, in one line.

    Without values of rows: only the driver's main message, because SQLAlchemy's repeats the statement with its values,
    and PostgreSQL's details have the key that was violated.
    """
    raised = driver_error(error)
    if isinstance(error, PoolTimeout):
        return "all its connections are busy"
    if _is_busy(raised):
        return _BUSY
    text = _text(raised)
    if _is_silent(raised):
        return _SILENT.format(text)
    if "statement pooling" in text.lower():
        return _NO_TRANSACTIONS
    return _BY_STATE.get(getattr(raised, "sqlstate", None) or "", text)


def _text(raised: Any) -> str:
    diagnostic = getattr(raised, "diag", None)
    text = " ".join((getattr(diagnostic, "message_primary", None) or str(raised)).split())
    return text if len(text) <= _LONGEST_REASON else f"{text[:_LONGEST_REASON]}..."


def _is_busy(raised: Any) -> bool:
    # The last byte: the others say which kind of lock.
    code = getattr(raised, "sqlite_errorcode", None)
    return isinstance(code, int) and code & 0xFF == sqlite3.SQLITE_BUSY


def _is_silent(raised: Any) -> bool:
    if not type(raised).__module__.startswith(("psycopg", __package__)):
        return False
    from .postgres import NO_ANSWER  # noqa: PLC0415  psycopg may not be installed

    return isinstance(raised, NO_ANSWER)
