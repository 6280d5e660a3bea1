"""Commands that print and exit as pulp-admin's did."""

from collections.abc import Callable
from typing import Any

import click

from ..failures import RequestFailed
from ..options import config_options
from ..output import echo


class PulpAdminCommand(click.Command):
    """A command that prints errors where pulp-admin did: on standard output, followed by a blank line."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except RequestFailed as failure:
            say(str(failure))
            return ctx.exit(failure.exit_code)


class NotifierCommand(PulpAdminCommand):
    """``create`` or ``update`` of one notifier; the notifier is loaded only when its options are needed.

    :param for_creation: whether the notifier's required options are required.
    """

    def __init__(
        self,
        name: str,
        notifier_type: str,
        own_options: list[click.Parameter],
        callback: Callable[..., None],
        for_creation: bool,
    ) -> None:
        super().__init__(name, params=own_options, callback=callback, help=f"{name.capitalize()} a listener.")
        self._notifier_type = notifier_type
        self._for_creation = for_creation
        self._complete = False

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Return the command's options and those of the notifier's config."""
        if not self._complete:
            self.params.extend(config_options(_schema(self._notifier_type), self.params, self._for_creation))
            self._complete = True
        return super().get_params(ctx)


def say(text: str) -> None:
    """Print a text and a blank line."""
    echo(f"{text}\n")


def _schema(notifier_type: str) -> dict[str, Any]:
    from ...plugin_host import NotifierRegistry

    registry = NotifierRegistry()
    try:
        return registry.get(notifier_type).pulp2_schema()
    finally:
        registry.close()
