"""Options of every command that sends requests to the server: its address, and the user."""

import os
import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TextIO

import click

from .output import echo

if TYPE_CHECKING:
    from .client import Client


@dataclass(frozen=True, slots=True)
class Connection:
    """What the command line says about the server; for None the settings decide."""

    url: str | None = None
    username: str | None = None
    password: str | None = None
    ca_path: str | None = None

    def client(self, ask: bool = True, timeout_seconds: float | None = None) -> "Client":
        """Return a client of the server.

        :param ask: ask for a missing password at the terminal; otherwise the client logs in as nobody.
        :param timeout_seconds: how long to wait for the server; None for the client's default.
        :raises InvalidSetting: a value in the section ``[client]`` is not allowed.
        """
        from .client import TIMEOUT_SECONDS, Client
        from .stored_connection import stored_connection

        settings = stored_connection(os.environ)
        username = self.username or settings.username
        stored = settings.password if settings.username in ("", username) else ""
        password = self.password or stored
        if ask and username and not password:
            password = ask_password(f"Password of {username}", "--password or PULP_NOTIFIERS_CLIENT_PASSWORD")
        return Client(
            self.url or settings.url,
            username,
            password,
            self.ca_path or settings.ca_path,
            timeout_seconds=timeout_seconds or TIMEOUT_SECONDS,
        )


pass_connection = click.make_pass_decorator(Connection, ensure=True)


def connection_options(is_eager: bool = False) -> list[click.Parameter]:
    """Return the options ``--url``, ``--username``, ``--password`` and ``--ca-path`` for a group.

    They are allowed at every level of a command line; the innermost wins.

    :param is_eager: handle them before others, such as a ``--help`` that asks the server.
    """
    return [
        click.Option(declarations, help=help_text, expose_value=False, is_eager=is_eager, callback=_remember)
        for declarations, help_text in _OPTIONS
    ]


def at_terminal() -> bool:
    """Return whether standard input is a terminal, at which a user can be asked."""
    return sys.stdin is not None and sys.stdin.isatty()  # None if the process was started without it


def standard_input() -> TextIO:
    """Return standard input.

    :raises OSError: the process was started without it (``<&-``).
    """
    if sys.stdin is None:
        raise OSError("standard input is closed")
    return sys.stdin


def json_from_standard_input() -> str:
    """Return what standard input contains, as UTF-8 in any locale, because JSON is.

    :raises OSError: the process was started without it (``<&-``).
    :raises UnicodeDecodeError: it is not UTF-8.
    """
    stream = standard_input()
    binary = getattr(stream, "buffer", None)
    return stream.read() if binary is None else str(binary.read(), "utf-8")


def warn_of_command_line(option: str, otherwise: str) -> None:
    """Warn of a secret on the command line.

    :param option: where it was given.
    :param otherwise: how else to give it.
    """
    echo(
        f"Warning: every user of this machine can see {option} on the command line while the command runs, and the "
        f"shell keeps it in its history: {otherwise}.",
        err=True,
    )


def ask_password(question: str, otherwise: str, confirm: bool = False) -> str:
    """Return a password typed at the terminal.

    :param otherwise: how to give it without a terminal.
    """
    if not at_terminal():
        raise click.UsageError(f"There is no terminal to ask for the password: give it with {otherwise}.")
    try:
        typed: str = click.prompt(question, hide_input=True, confirmation_prompt=confirm, err=True)
    except UnicodeDecodeError as error:  # typed in another encoding than that of the locale
        raise click.UsageError(f"The password cannot be read: {error}. Give it with {otherwise}.") from None
    return typed


_OPTIONS = (
    (["--url"], "Address of the server, such as https://host:24818; [client] url in the settings."),
    (["-u", "--username"], "User to log in as; [client] username in the settings."),
    (["-p", "--password"], "Password of that user; you are asked for it if it is missing."),
    (["--ca-path"], "PEM file or directory of the certificate authorities to trust instead of the system's."),
)


def _remember(context: click.Context, parameter: click.Parameter, value: str | None) -> None:
    if value is None or parameter.name is None:
        return
    if parameter.name == "url":
        from .client import split_url

        try:
            split_url(value)
        except ValueError as error:
            raise click.BadParameter(str(error), context, parameter) from None
    if parameter.name == "password" and not context.resilient_parsing:
        warn_of_command_line(
            "--password", "leave it out to be asked for it, or set PULP_NOTIFIERS_CLIENT_PASSWORD or [client] password"
        )
    context.obj = replace(context.find_object(Connection) or Connection(), **{parameter.name: value})
