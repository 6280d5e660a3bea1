"""The command line tool ``pulp-notifiers``."""

import errno
import io
import os
import sys
from collections.abc import Sequence

import click

from ..errors import InvalidSetting, InvalidValue, NoSuchSource, PulpNotifiersError, StoreUnavailable, WrongUser
from .failures import RequestFailed
from .other_user import command_of_owner
from .output import discard_output, echo, prepare_output
from .root import root

_CODES = (
    (InvalidSetting, os.EX_CONFIG),
    (InvalidValue, os.EX_DATAERR),
    (NoSuchSource, os.EX_DATAERR),
    (StoreUnavailable, os.EX_IOERR),
)
_INTERRUPTED = 130
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_BROKEN = "Unexpected error. An installed distribution is broken, which may be the reason:"
_DEFECT = "Unexpected error. This is a defect of pulp-notifiers: please report it with the traceback above."


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code.

    Exit codes are those of sysexits.h that pulp-admin used (CONTRACT 5), and 130 for an interrupt.

    :param arguments: the command line without the program's name; None for that of this process.
    """
    prepare_output()
    # Pydantic looks for plugins of its own, in the metadata of all distributions, and fails if one is broken.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "1")
    try:
        answer = root.main(arguments, "pulp-notifiers", standalone_mode=False)
        return answer if isinstance(answer, int) else os.EX_OK
    except click.ClickException as error:
        _show(error)
        return _click_code(error)
    except click.Abort:
        return _INTERRUPTED
    except PulpNotifiersError as error:
        echo(str(error), err=True)
        if isinstance(error, WrongUser):
            words = sys.argv[1:] if arguments is None else arguments
            echo(f"The command is: {command_of_owner(error, words, os.environ)}", err=True)
        return _code(error)
    except OSError as error:
        if error.errno not in _FULL:
            return _defect(error)
        discard_output()
        echo(f"The output cannot be written: {error.strerror}. Free space, or write it elsewhere.", err=True)
        return os.EX_IOERR
    except Exception as error:  # noqa: BLE001  the last resort of the program
        return _defect(error)


def _defect(error: Exception) -> int:
    """Print an unexpected error; other libraries fail in odd ways if an installed distribution is broken."""
    from traceback import format_exception

    from ..distributions import NOTIFIERS, scan

    echo("".join(format_exception(error)).rstrip("\n"), err=True)
    faults = " ".join(scan(NOTIFIERS).faults)
    echo(f"{_BROKEN} {faults}" if faults else _DEFECT, err=True)
    return os.EX_SOFTWARE


def _show(error: click.ClickException) -> None:
    text = io.StringIO()
    error.show(text)
    echo(text.getvalue().rstrip("\n"), err=True)


def _click_code(error: click.ClickException) -> int:
    return os.EX_USAGE if error.exit_code == click.UsageError.exit_code else error.exit_code


def _code(error: PulpNotifiersError) -> int:
    if isinstance(error, RequestFailed):
        return error.exit_code
    return next((code for kind, code in _CODES if isinstance(error, kind)), os.EX_SOFTWARE)
