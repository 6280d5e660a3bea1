"""``notifier``: the notifiers that are installed on this machine."""

import dataclasses

import click

from .formats import format_option, show
from .output import echo
from .tables import print_table


@click.group()
def notifier() -> None:
    """Show the notifiers that are installed on this machine."""


@notifier.command("list")
@click.option("--no-check", is_flag=True, help="Do not try to load them.")
@format_option
def list_notifiers(no_check: bool, output_format: str) -> None:
    """List the installed notifier types, their distributions and their problems.

    Each notifier is loaded in a process of its own, so that one that crashes or hangs is a line of the list.
    """
    from ..plugin_host import NotifierRegistry, load_checked

    registry = NotifierRegistry()
    installed = registry.installed() if no_check else load_checked(registry.installed())
    unknown = "not checked" if no_check else None
    rows = [
        (one.type, one.distribution, one.version, one.origin, one.problem or one.warning or unknown)
        for one in installed
    ]
    show(
        [{**dataclasses.asdict(one), "checked": not no_check} for one in installed],
        output_format,
        lambda: print_table(("Type", "Distribution", "Version", "Origin", "Problem"), rows, ("Origin", "Version")),
    )
    listed = " ".join(f"{one.problem} {one.warning}" for one in installed)
    for fault in registry.faults():
        if fault not in listed:
            echo(fault, err=True)
