"""``notifier``: the notifiers that are installed on this machine."""

import dataclasses

import click

from .tables import json_option, print_json, print_table


@click.group()
def notifier() -> None:
    """Show the notifiers that are installed on this machine."""


@notifier.command("list")
@json_option
def list_notifiers(as_json: bool) -> None:
    """List the installed notifier types and their distributions, without loading them."""
    from ..plugin_host import NotifierRegistry

    installed = NotifierRegistry().installed()
    if as_json:
        print_json([dataclasses.asdict(one) for one in installed])
        return
    rows = [(one.type, one.distribution, one.version, one.origin, one.problem) for one in installed]
    print_table(("Type", "Distribution", "Version", "Origin", "Problem"), rows)
