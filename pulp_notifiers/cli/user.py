"""``user``: who may use the REST API; for the administrator of the machine with the settings."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from .connection import ask_password, at_terminal, standard_input, warn_of_command_line
from .database import using_database, warn_of_exposed_files
from .formats import format_option, show
from .output import echo
from .tables import print_table

if TYPE_CHECKING:
    from ..access import Accounts


@click.group()
def user() -> None:
    """Manage who may use the REST API.

    Works on the database in this machine's settings, whether the server runs or not. Only create makes a database that
    does not exist. Run it as the user of the service.
    """


@user.command("create")
@click.argument("login")
@click.option("--password", help="You are asked for it if it is missing; without a terminal, a line of standard input.")
@click.option("--super-user", is_flag=True, help="May do everything, even without grants.")
def create_user(login: str, password: str | None, super_user: bool) -> None:
    """Create the user LOGIN."""
    if password is not None:
        warn_of_command_line("--password", "leave it out to be asked for it, or send it on standard input")
    with _accounts(may_create=True) as accounts:
        accounts.create(login, _password_of(login) if password is None else password, super_user)
    echo(f"User {login} created.")


@user.command("list")
@format_option
def list_users(output_format: str) -> None:
    """List the users and their grants."""
    with _accounts(upgrade=False) as accounts:
        found = [(one, accounts.grants(one.login)) for one in accounts.users()]
    listed = [
        {
            "login": one.login,
            "super_user": one.super_user,
            "grants": {resource: sorted(operations) for resource, operations in sorted(grants.items())},
        }
        for one, grants in found
    ]
    rows = [
        (
            one.login,
            "yes" if one.super_user else "no",
            "; ".join(f"{resource} {' '.join(sorted(operations))}" for resource, operations in sorted(grants.items())),
        )
        for one, grants in found
    ]
    show(listed, output_format, lambda: print_table(("Login", "Super-user", "Grants"), rows))


@user.command("delete")
@click.argument("login")
def delete_user(login: str) -> None:
    """Delete the user LOGIN and all grants of LOGIN."""
    with _accounts() as accounts:
        accounts.delete(login)
    echo(f"User {login} deleted.")


@user.command("grant")
@click.argument("login")
@click.argument("resource")
@click.argument(
    "operations",
    metavar="OPERATION...",
    nargs=-1,
    required=True,
    type=click.Choice(["CREATE", "READ", "UPDATE", "DELETE"], case_sensitive=False),
)
def grant(login: str, resource: str, operations: tuple[str, ...]) -> None:
    """Allow LOGIN each OPERATION on RESOURCE and everything below it.

    RESOURCE is a path such as /v2/events/. Operations are CREATE, READ, UPDATE and DELETE.
    """
    from ..records import Operation

    with _accounts() as accounts:
        kept = accounts.grant(login, resource, [Operation(operation) for operation in operations])
    echo(f"User {login} may {', '.join(operations)} on {kept} and below.")


@contextmanager
def _accounts(may_create: bool = False, upgrade: bool = True) -> Iterator["Accounts"]:
    from ..wiring import database_settings, open_accounts

    settings = database_settings()
    with using_database(settings), open_accounts(settings, may_create, upgrade) as accounts:
        warn_of_exposed_files(settings)
        yield accounts


def _password_of(login: str) -> str:
    if at_terminal():
        return ask_password(f"Password of {login}", "--password", confirm=True)
    try:
        return standard_input().readline().rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise click.UsageError(f"No password can be read: {error}. Give it with --password.") from None
