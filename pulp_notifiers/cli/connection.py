"""The options of every command that asks the server: where it is, and who asks."""

import os
import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TextIO

import click

if TYPE_CHECKING:
    from .client import Client


@dataclass(frozen=True, slots=True)
class Connection:
    """What the command line says about the server; None leaves it to the settings."""

    url: str | None = None
    username: str | None = None
    password: str | None = None
    ca_path: str | None = None

    def client(self, ask: bool = True) -> "Client":
        """Return a client of the server.

        :param ask: ask for a password that is missing, where a terminal is there to ask; otherwise do without a user.
        :raises InvalidSetting: a value in the section ``[client]`` is not allowed.
        """
        from .client import Client, client_settings

        settings = client_settings(os.environ)
        username = self.username or settings.username
        stored = settings.password.get_secret_value() if settings.username in ("", username) else ""
        password = self.password or stored
        if ask and username and not password:
            password = ask_password(f"Password of {username}", "--password or PULP_NOTIFIERS_CLIENT_PASSWORD")
        return Client(self.url or settings.url, username, password, self.ca_path or settings.ca_path)


pass_connection = click.make_pass_decorator(Connection, ensure=True)


def connection_options() -> list[click.Parameter]:
    """Return the options ``--url``, ``--username``, ``--password`` and ``--ca-path`` for a group.

    They may stand at every level of a command line; the innermost wins.
    """
    return [
        click.Option(declarations, help=help_text, expose_value=False, callback=_remember)
        for declarations, help_text in _OPTIONS
    ]


def at_terminal() -> bool:
    """Tell whether somebody can be asked."""
    return sys.stdin is not None and sys.stdin.isatty()  # None where the process was started without


def standard_input() -> TextIO:
    """Return standard input.

    :raises OSError: the process was started without (``<&-``).
    """
    if sys.stdin is None:
        raise OSError("standard input is closed")
    return sys.stdin


def ask_password(question: str, otherwise: str, confirm: bool = False) -> str:
    """Return a password typed at the terminal.

    :param otherwise: how to give it where there is no terminal.
    """
    if not at_terminal():
        raise click.UsageError(f"There is no terminal to ask for the password: give it with {otherwise}.")
    typed: str = click.prompt(question, hide_input=True, confirmation_prompt=confirm, err=True)
    return typed


_OPTIONS = (
    (["--url"], "Address of the server, such as https://host:24818; [client] url in the settings."),
    (["-u", "--username"], "User to log in as; [client] username in the settings."),
    (["-p", "--password"], "Password of that user; asked for when it is missing."),
    (["--ca-path"], "PEM file or directory of the authorities to trust, in place of the system's."),
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
    context.obj = replace(context.find_object(Connection) or Connection(), **{parameter.name: value})
