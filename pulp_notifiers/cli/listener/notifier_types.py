"""The server's notifier types and their options; asked for once in a command line."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import click

from ...errors import InvalidSetting
from ..answers import read_all
from ..connection import Connection
from ..documents import printable
from ..failures import Denied, RequestFailed

HELP_TIMEOUT_SECONDS = 3.0
"""How long ``--help`` and completion wait for the server."""

VERBS = ("create", "update")
"""The commands of a section, which come after the type."""

_ANSWER = f"{__name__}.answer"
_CLIENT = f"{__name__}.client"
_ACCESS = (
    "Log in as a user who may READ /v3/notifications/notifiers/, with --username and --password, or with [client] "
    "username and password in the settings."
)


@dataclass(frozen=True, slots=True)
class NotifierType:
    """A notifier type of the server.

    :ivar offered_by: name and version of the distribution.
    :ivar schema: JSON Schema of its options; None if there is a problem.
    :ivar problem: why it cannot be used, or None.
    """

    name: str
    offered_by: str
    schema: Mapping[str, Any] | None
    problem: str | None


@dataclass(frozen=True, slots=True)
class NotifierTypes:
    """The server's answer.

    :ivar failure: why there is none, or None.
    :ivar reason: the same for help, which is empty if there is an answer.
    """

    by_name: Mapping[str, NotifierType] = field(default_factory=dict)
    failure: RequestFailed | InvalidSetting | None = None
    reason: str = ""

    def get(self, name: str) -> NotifierType:
        """Return one type.

        :raises UsageError: the server does not have it.
        """
        if name not in self.by_name:
            types = ", ".join(sorted(self.by_name)) or "none"
            raise click.UsageError(f"{not_a_type(name)} of the server. Its types are: {types}.")
        return self.by_name[name]


def not_a_type(name: str) -> str:
    """Return the beginning of a sentence about a word that is no notifier type."""
    if name in VERBS:
        return f"Write listener TYPE {name}, where TYPE is a notifier type"
    return f"'{printable(name)}' is neither a command nor a notifier type"


def installed_here() -> str:
    """Return a sentence with the notifier types of this machine, for when the server does not answer."""
    from ...distributions import NOTIFIERS, scan

    types = ", ".join(map(printable, sorted(scan(NOTIFIERS).offers)))
    return f"On this machine these types are installed: {types}." if types else ""


def wants_help(context: click.Context, arguments: Sequence[str]) -> bool:
    """Return whether a command line asks for help or completion, for which nobody is asked for a password."""
    return context.resilient_parsing or not set(context.help_option_names).isdisjoint(arguments)


def notifier_types(context: click.Context) -> NotifierTypes:
    """Return the server's notifier types; asks for a password that is missing.

    :raises RequestFailed: the server did not list them.
    :raises InvalidSetting: a setting of the client is wrong.
    """
    answer = context.meta.get(_ANSWER)
    if answer is None:
        answer = context.meta[_ANSWER] = _read(context, for_help=False)
    if answer.failure is not None:
        raise answer.failure
    found: NotifierTypes = answer
    return found


def notifier_types_for_help(context: click.Context) -> NotifierTypes:
    """Return what can be found out quickly and without asking for a password; never fails."""
    answer = context.meta.get(_ANSWER)
    if answer is None:
        answer = context.meta[_ANSWER] = _read(context, for_help=True)
    found: NotifierTypes = answer
    return found


def shared_client(context: click.Context) -> Any:
    """Return the client of this command line, so that a password is asked for only once."""
    client = context.meta.get(_CLIENT)
    if client is None:
        client = context.meta[_CLIENT] = _connection(context).client()
    return client


def write_note(formatter: click.HelpFormatter, text: str) -> None:
    """Write a paragraph below the help that says what is missing from it."""
    formatter.write_paragraph()
    with formatter.indentation():
        formatter.write_text(printable(" ".join(text.split())))


def _connection(context: click.Context) -> Connection:
    return context.find_object(Connection) or Connection()


def _read(context: click.Context, for_help: bool) -> NotifierTypes:
    try:
        if for_help:
            client = _connection(context).client(ask=False, timeout_seconds=HELP_TIMEOUT_SECONDS)
        else:
            client = shared_client(context)
        return NotifierTypes({one.name: one for one in map(_from_document, read_all(client, _path()))})
    except Denied as denied:
        explained = Denied(f"{denied.reason}\n\nThe options of a notifier come from the server. {_ACCESS}".lstrip())
        return NotifierTypes(failure=explained, reason=f"The server refused the login. {denied.reason} {_ACCESS}")
    except (InvalidSetting, RequestFailed) as failure:
        return NotifierTypes(failure=failure, reason=str(failure))


def _path() -> str:
    from ..client import NOTIFICATIONS

    return f"{NOTIFICATIONS}notifiers/"


def _from_document(document: Mapping[str, Any]) -> NotifierType:
    schema = document.get("schema")
    problem = document.get("problem") or (None if isinstance(schema, dict) else "the server does not describe it")
    return NotifierType(
        name=str(document.get("type")),
        offered_by=f"{document.get('distribution')} {document.get('version')}",
        schema=schema if isinstance(schema, dict) else None,
        problem=problem,
    )
